package dev.pannier.shippers.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Destination;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.RemoteShipperContract;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HttpJsonShipperTest extends RemoteShipperContract {
  @Override
  protected Destination destination() throws IOException {
    return new FakeBackend(Protocol.HTTP_JSON, Compression.NONE);
  }

  @Test
  void requestThatIsLongAsJsonIsDividedAndARecordAloneIsNot() throws Exception {
    connect();
    assertThat(ship(Batches.ofLargeResource("k", 10, 100_000)))
        .isInstanceOfSatisfying(
            Outcome.TooLarge.class,
            large -> {
              assertThat(large.unconfirmed()).isNull();
              assertThat(large.limitBytes()).isBetween(1, (int) (FakeBackend.MEMORY_BYTES / 4));
            });
    assertThat(destination.stored()).isEmpty();

    String alone = "x".repeat((int) FakeBackend.MEMORY_BYTES / 2);
    assertThat(ship(Batches.logs("k", alone))).isEqualTo(Outcome.ACCEPTED);
    assertThat(destination.stored()).containsExactly(alone);
  }

  @Override
  protected Set<String> threadNames() {
    return Set.of("pannier-ship-", "OkHttp localhost");
  }
}

package dev.pannier.shippers.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Map;
import java.util.stream.Stream;
import okhttp3.internal.http2.ConnectionShutdownException;
import okhttp3.internal.http2.ErrorCode;
import okhttp3.internal.http2.StreamResetException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class BrokenConnectionTest {
  private final Exchange exchange =
      new Exchange(
          new ShipperSettings.Otlp(
              "b",
              URI.create("http://b:4317"),
              Protocol.GRPC,
              Compression.NONE,
              Map.of(),
              null,
              Duration.ofSeconds(10),
              EnumSet.allOf(Signal.class)),
          1 << 20,
          InstantSource.system());

  private Outcome.Retryable broken(IOException error) {
    return (Outcome.Retryable) exchange.broken(error).outcome();
  }

  /// Behind a GOAWAY, as at the end of each `max_connection_age` (RFC 9113, sections 6.8 and 8.7).
  static Stream<IOException> refusals() {
    return Stream.of(
        new ConnectionShutdownException(), new StreamResetException(ErrorCode.REFUSED_STREAM));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void whatWasTurnedAwayAsAConnectionEndedIsNowhere(IOException refusal) {
    Outcome.Retryable retry = broken(refusal);
    assertThat(retry.untouched()).isTrue();
    assertThat(retry.reason())
        .isEqualTo("http://b:4317 closed the connection before it took the request");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "REFUSED_STREAM")
  void anyOtherResetMayHaveTakenTheData(ErrorCode code) {
    assertThat(broken(new StreamResetException(code)).untouched()).isFalse();
  }
}

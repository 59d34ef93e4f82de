package dev.pannier.shippers.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Destination;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperContract;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.Signal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StdoutShipperTest extends ShipperContract {
  @Override
  protected Destination destination() {
    return new Terminal(Encoding.OTLP_JSON);
  }

  @Override
  protected Set<String> threadNames() {
    return Set.of("pannier-");
  }

  @Test
  void rawIsALineARecord() {
    try (Terminal terminal = new Terminal(Encoding.RAW)) {
      List<Outcome> outcomes = new ArrayList<>();
      terminal.shipper().ship(Batches.logs("k", "one", "two"), outcomes::add);

      assertThat(outcomes).containsExactly(Outcome.ACCEPTED);
      assertThat(terminal.text()).isEqualTo("one\ntwo\n");
    }
  }

  @Test
  void aLineThatMayBeTornEndsBeforeTheNextAttempt() {
    try (Terminal terminal = new Terminal(Encoding.RAW)) {
      Shipper shipper = terminal.shipper();
      List<Outcome> outcomes = new ArrayList<>();
      terminal.tearAfter = 5;
      shipper.ship(Batches.logs("k", "one", "two"), outcomes::add);
      terminal.tearAfter = Integer.MAX_VALUE;
      shipper.ship(Batches.logs("k", "one", "two"), outcomes::add);

      assertThat(outcomes.getFirst())
          .isInstanceOfSatisfying(
              Outcome.Retryable.class,
              retry -> assertThat(retry.reason()).contains("standard output", "Broken pipe"));
      assertThat(terminal.text()).isEqualTo("one\nt\none\ntwo\n");
    }
  }

  @Test
  void linesThatTogetherTakeMoreThanMemoryAreWrittenInPieces() {
    int records = 3_000;
    try (Terminal terminal = new Terminal(Encoding.JSON)) {
      List<Outcome> outcomes = new ArrayList<>();
      terminal.shipper().ship(Batches.ofLargeResource("k", 2_000, records), outcomes::add);

      assertThat(outcomes).containsExactly(Outcome.ACCEPTED);
      assertThat(terminal.largest)
          .isLessThan(FileShipper.pieceBytes(Terminal.MEMORY_BYTES) + 3_000);
      List<String> lines = terminal.text().lines().toList();
      assertThat(lines).hasSize(records);
      for (int i = 0; i < records; i++) {
        assertThat(lines.get(i)).contains("\"line " + i + "\"");
      }
    }
  }

  @Test
  void whatWasWrittenBeforeAPieceThatCannotBeIsConfirmed() {
    String[] bodies = new String[2_000];
    java.util.Arrays.fill(bodies, "z".repeat(100));
    bodies[1_999] = "z".repeat(200_000);
    try (Terminal terminal = new Terminal(Encoding.RAW)) {
      List<Outcome> outcomes = new ArrayList<>();
      terminal.tearAfter = 150_000;
      terminal.shipper().ship(Batches.logs("k", bodies), outcomes::add);

      assertThat(outcomes)
          .singleElement()
          .isInstanceOfSatisfying(
              Outcome.Retryable.class,
              retry -> {
                BitSet unconfirmed = Objects.requireNonNull(retry.unconfirmed());
                int written = unconfirmed.nextSetBit(0);
                assertThat(written).isPositive();
                assertThat(unconfirmed.cardinality()).isEqualTo(2_000 - written);
                assertThat(terminal.text()).startsWith((bodies[0] + "\n").repeat(written));
              });
    }
  }

  @Test
  void lineThatIsLongAsJsonIsDivided() {
    try (Terminal terminal = new Terminal(Encoding.OTLP_JSON)) {
      List<Outcome> outcomes = new ArrayList<>();
      terminal.shipper().ship(Batches.ofLargeResource("k", 10, 2_000), outcomes::add);

      assertThat(outcomes).singleElement().isInstanceOf(Outcome.TooLarge.class);
      assertThat(terminal.text()).isEmpty();
    }
  }

  /// A stream that can break.
  private static final class Terminal extends OutputStream implements Destination {
    static final long MEMORY_BYTES = 1 << 18;

    private final Encoding encoding;
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private int tearAfter = Integer.MAX_VALUE;
    private int largest;

    Terminal(Encoding encoding) {
      this.encoding = encoding;
    }

    String text() {
      return written.toString(UTF_8);
    }

    @Override
    public Shipper shipper() {
      return new StdoutShipper(
          new ShipperSettings.Stdout(
              "stdout", encoding, FieldNames.LOGSTASH, EnumSet.allOf(Signal.class)),
          MEMORY_BYTES,
          this);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      largest = Math.max(largest, length);
      int taken = Math.min(length, tearAfter);
      written.write(bytes, offset, taken);
      if (taken < length) {
        throw new IOException("Broken pipe");
      }
    }

    @Override
    public void mode(Mode mode) {
      assertThat(mode).isEqualTo(Mode.ACCEPT);
    }

    @Override
    public void down() {
      tearAfter = 0;
    }

    @Override
    public void up() {
      tearAfter = Integer.MAX_VALUE;
    }

    @Override
    public List<String> stored() {
      return JsonLines.bodies(text().replaceAll("^\n|(?<=\n)\n", ""));
    }

    @Override
    public void close() {
      // Nothing to close.
    }
  }
}

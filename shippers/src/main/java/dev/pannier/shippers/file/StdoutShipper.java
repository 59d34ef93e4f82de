package dev.pannier.shippers.file;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.encoding.MessageEncoder;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.function.Consumer;

/// Writes lines to standard output: a line a batch as OTLP JSON, else a line a record. A batch is
/// confirmed when it has been written; where nobody reads any more, it is kept.
public final class StdoutShipper implements Shipper {
  private static final int KEPT_BYTES = 256 * 1024;

  private final OutputStream out;
  private final MessageEncoder encoder;
  private final ByteOutput lines = new ByteOutput(1024);
  private boolean torn;
  private boolean closed;

  public StdoutShipper(ShipperSettings.Stdout settings) {
    // Not System.out, which swallows errors.
    this(settings, new FileOutputStream(FileDescriptor.out));
  }

  StdoutShipper(ShipperSettings.Stdout settings, OutputStream out) {
    this.out = out;
    this.encoder = new MessageEncoder(settings.encoding(), settings.names(), java.util.List.of());
  }

  @Override
  public Outcome connect() {
    return closed ? closedOutcome() : Outcome.ACCEPTED;
  }

  @Override
  public void ship(Batch batch, Consumer<Outcome> outcome) {
    outcome.accept(closed ? closedOutcome() : write(batch));
  }

  private Outcome write(Batch batch) {
    lines.clear(KEPT_BYTES);
    if (torn) {
      // Part of a line may be there.
      lines.write('\n');
    }
    encoder.start(batch);
    while (encoder.next()) {
      lines.write(encoder.value(), encoder.valueOffset(), encoder.valueLength());
      lines.write('\n');
    }
    try {
      out.write(lines.bytes(), 0, lines.length());
      out.flush();
      torn = false;
      return Outcome.ACCEPTED;
    } catch (IOException e) {
      torn = true;
      return new Outcome.Retryable(
          "standard output cannot be written, is its reader gone? " + e.getMessage(), 0, null);
    }
  }

  private static Outcome closedOutcome() {
    return new Outcome.Retryable("the shipper is closed", 0, null);
  }

  @Override
  public void close(Duration timeout) {
    closed = true;
  }
}

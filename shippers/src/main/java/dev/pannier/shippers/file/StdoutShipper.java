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
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Writes lines to standard output: a line a batch as OTLP JSON, else a line a record. A batch is
/// confirmed when it has been written; where nobody reads any more, it is kept.
public final class StdoutShipper implements Shipper {
  private static final int KEPT_BYTES = 256 * 1024;

  private final OutputStream out;

  /// Of lines that are made before they are written, and of a line with several records.
  private final int pieceBytes;

  private final MessageEncoder encoder;
  private final ByteOutput lines = new ByteOutput(1024);
  private boolean torn;
  private boolean closed;

  /// @param memoryBytes for lines: where those of a batch take more than a part of it, they are written in pieces
  public StdoutShipper(ShipperSettings.Stdout settings, long memoryBytes) {
    // Not System.out, which swallows errors.
    this(settings, memoryBytes, new FileOutputStream(FileDescriptor.out));
  }

  StdoutShipper(ShipperSettings.Stdout settings, long memoryBytes, OutputStream out) {
    this.out = out;
    this.pieceBytes = FileShipper.pieceBytes(memoryBytes);
    this.encoder = new MessageEncoder(settings.encoding(), settings.names(), List.of(), pieceBytes);
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
    int written = 0;
    try {
      begin();
      encoder.start(batch);
      while (encoder.next()) {
        if (encoder.isTooLarge()) {
          // A line is the batch: none was written.
          return FileShipper.lineTooLarge(pieceBytes, null);
        }
        lines.write(encoder.value(), encoder.valueOffset(), encoder.valueLength());
        lines.write('\n');
        if (lines.length() >= pieceBytes) {
          write();
          written = encoder.isRecord() ? encoder.recordIndex() + 1 : batch.records();
          begin();
        }
      }
      write();
      return Outcome.ACCEPTED;
    } catch (IOException e) {
      torn = true;
      return new Outcome.Retryable(
          "standard output cannot be written, is its reader gone? " + e.getMessage(),
          0,
          from(written, batch.records()));
    }
  }

  private void begin() {
    lines.clear(KEPT_BYTES);
    if (torn) {
      // Part of a line may be there.
      lines.write('\n');
    }
  }

  private void write() throws IOException {
    out.write(lines.bytes(), 0, lines.length());
    out.flush();
    torn = false;
  }

  private static @Nullable BitSet from(int written, int records) {
    if (written == 0) {
      return null;
    }
    BitSet unconfirmed = new BitSet();
    unconfirmed.set(written, records);
    return unconfirmed;
  }

  private static Outcome closedOutcome() {
    return new Outcome.Retryable("the shipper is closed", 0, null);
  }

  @Override
  public void close(Duration timeout) {
    closed = true;
  }
}

package dev.pannier.shippers.file;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.Template;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.OtlpJsonWriter;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.encoding.Lookup;
import dev.pannier.shippers.encoding.MessageEncoder;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes lines to files. A batch is confirmed when it is on the disk (`fdatasync`).
///
/// `path` is a folder, with `logs.jsonl`, `traces.jsonl` and `metrics.jsonl` in it (`.log` for raw
/// lines), or, where it ends in `.jsonl`, `.json`, `.ndjson`, `.log` or `.txt`, a file. Placeholders
/// may stand in either.
///
/// Order: everything is written in the order of the calls, on the caller's thread.
public final class FileShipper implements Shipper {
  private static final Logger LOG = LoggerFactory.getLogger(FileShipper.class);
  private static final int KEPT_BYTES = 256 * 1024;
  private static final int SMALLEST_PIECE_BYTES = 64 * 1024;
  private static final int MEMORY_PART = 4;

  private final ShipperSettings.File settings;

  /// Of lines that are made before they are written, and of a line with several records.
  private final int pieceBytes;

  private final Map<Signal, Template> paths = new EnumMap<>(Signal.class);
  private final Path folder;
  private final FileSet files;
  private final MessageEncoder encoder;
  private final Map<Path, Lines> lines = new LinkedHashMap<>();
  private boolean closed;

  /// Lines of one batch for one file, that are to be written.
  private static final class Lines {
    final ByteOutput bytes = new ByteOutput(1024);
    final BitSet records = new BitSet();
  }

  /// @param memoryBytes for lines: where those of a batch take more than a part of it, they are written in pieces
  public FileShipper(ShipperSettings.File settings, long memoryBytes) {
    this.settings = settings;
    this.pieceBytes = pieceBytes(memoryBytes);
    OutputFiles ours = OutputFiles.of(settings);
    ours.paths().forEach((signal, path) -> paths.put(signal, Template.path(path)));
    this.folder = ours.folder();
    this.files = new FileSet(ours, settings.maxBytes());
    // All of them have the same placeholders.
    List<Lookup> lookups =
        paths.values().stream().findFirst().map(Template::lookups).orElse(List.of());
    this.encoder = new MessageEncoder(settings.encoding(), settings.names(), lookups, pieceBytes);
  }

  /// @param memoryBytes the shipper's
  static int pieceBytes(long memoryBytes) {
    return Math.clamp(memoryBytes / MEMORY_PART, SMALLEST_PIECE_BYTES, Integer.MAX_VALUE);
  }

  @Override
  public Outcome connect() {
    if (closed) {
      return closedOutcome();
    }
    try {
      files.scan();
      if (!Files.isWritable(folder)) {
        throw new AccessDeniedException(folder.toString());
      }
      return Outcome.ACCEPTED;
    } catch (IOException e) {
      return failed(e, null);
    }
  }

  @Override
  public void ship(Batch batch, Consumer<Outcome> outcome) {
    outcome.accept(closed ? closedOutcome() : write(batch));
  }

  private Outcome write(Batch batch) {
    Template template = Objects.requireNonNull(paths.get(batch.signal()), batch.signal()::label);
    BitSet open = new BitSet();
    open.set(0, batch.records());
    try {
      int made = 0;
      encoder.start(batch);
      while (encoder.next()) {
        if (encoder.isTooLarge()) {
          return lineTooLarge(pieceBytes, unconfirmed(batch, open));
        }
        made += addLine(batch, template);
        if (made >= pieceBytes) {
          Outcome failure = append(batch, open);
          if (failure != null) {
            return failure;
          }
          forget();
          made = 0;
        }
      }
      Outcome failure = append(batch, open);
      return failure == null ? Outcome.ACCEPTED : failure;
    } finally {
      forget();
    }
  }

  /// A line of several records.
  static Outcome.TooLarge lineTooLarge(int mostBytes, @Nullable BitSet unconfirmed) {
    return new Outcome.TooLarge(
        OtlpJsonWriter.requestBytes(mostBytes),
        "a line would take more than the " + mostBytes + " bytes that memory allows",
        unconfirmed);
  }

  private static @Nullable BitSet unconfirmed(Batch batch, BitSet open) {
    return open.cardinality() == batch.records() ? null : open;
  }

  private int addLine(Batch batch, Template template) {
    Path path = Path.of(template.resolve(encoder::lookup));
    Lines file = lines.computeIfAbsent(path, unused -> new Lines());
    file.bytes.write(encoder.value(), encoder.valueOffset(), encoder.valueLength());
    file.bytes.write('\n');
    BitSet records = encoder.isRecord() ? null : encoder.records();
    if (encoder.isRecord()) {
      file.records.set(encoder.recordIndex());
    } else if (records == null) {
      file.records.set(0, batch.records());
    } else {
      file.records.or(records);
    }
    return encoder.valueLength() + 1;
  }

  /// Appends the lines that were made.
  ///
  /// @param open what is not confirmed; becomes less
  /// @return null where that has succeeded
  private @Nullable Outcome append(Batch batch, BitSet open) {
    for (Map.Entry<Path, Lines> file : lines.entrySet()) {
      int length = file.getValue().bytes.length();
      if (length > settings.maxBytes()) {
        return new Outcome.TooLarge(
            Math.clamp(settings.maxBytes(), 1, Integer.MAX_VALUE),
            length + " bytes for " + file.getKey() + " are above max_bytes " + settings.maxBytes(),
            unconfirmed(batch, open));
      }
    }
    for (Map.Entry<Path, Lines> file : lines.entrySet()) {
      Lines content = file.getValue();
      try {
        files.append(file.getKey(), content.bytes.bytes(), content.bytes.length());
      } catch (IOException e) {
        return failed(e, unconfirmed(batch, open));
      }
      open.andNot(content.records);
    }
    return null;
  }

  /// One file's buffer stays for the next batch.
  private void forget() {
    if (lines.size() > 1) {
      lines.clear();
    }
    for (Lines file : lines.values()) {
      file.bytes.clear(KEPT_BYTES);
      file.records.clear();
    }
  }

  private Outcome failed(IOException error, @Nullable BitSet unconfirmed) {
    String what =
        switch (error) {
          case AccessDeniedException denied ->
              denied.getFile() + " may not be written: mount a volume there that may";
          case FileAlreadyExistsException there -> there.getFile() + " is no folder";
          case FileSystemException other ->
              other.getFile()
                  + ": "
                  + Objects.requireNonNullElse(other.getReason(), other.toString());
          default -> String.valueOf(error.getMessage());
        };
    return new Outcome.Retryable(what, 0, unconfirmed);
  }

  private static Outcome closedOutcome() {
    return new Outcome.Retryable("the shipper is closed", 0, null);
  }

  @Override
  public void close(Duration timeout) {
    closed = true;
    try {
      files.close();
    } catch (IOException e) {
      LOG.warn("shipper {}: a file could not be closed: {}", settings.name(), e.toString());
    }
  }
}

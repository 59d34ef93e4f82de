package dev.pannier.collector.tail;

import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.receipt.FileReceipt;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParseResult;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.parsers.RecordSink;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A tail loop over a real folder, driven by hand: a clock that only the test moves, and a
/// destination that confirms when the test says so.
final class TailHarness implements AutoCloseable {
  /// A batch on its way.
  record Sent(Batch batch, long reservedBytes, Acknowledgement acknowledgement) {}

  final Path logs;
  final Path state;
  final Metrics metrics = new Metrics();
  final MemoryBudget budget = new MemoryBudget(24 << 20);
  final List<String> notices = new ArrayList<>();
  final List<Sent> unconfirmed = new ArrayList<>();
  final List<LogRecord> records = new ArrayList<>();
  boolean room = true;
  boolean confirms = true;

  /// Whether every shipper has what is confirmed.
  boolean delivers = true;

  long nanos = TimeUnit.DAYS.toNanos(1);

  /// What the wall clock says, but for parts of a second.
  long seconds = 1_800_000_000;

  FileSource source;
  private final Random random = new Random(7);
  private final int maxOpen;
  private PositionStore store;
  private FileTailer tailer;

  /// What shippers' destinations have; null where none stores positions.
  @Nullable StartPositions start;

  /// What the sidecar itself writes; from the next start on.
  OwnFiles own = new OwnFiles();

  /// From the next start or change on.
  ParserChooser parsers = (head, length) -> new RawLines();

  private Generations generations;
  private List<TailSource> sources = List.of();

  TailHarness(Path folder) {
    this(folder, source(folder, new FileSource.Multiline.None()));
  }

  TailHarness(Path folder, FileSource source) {
    this(folder, source, OpenFiles.MOST);
  }

  TailHarness(Path folder, FileSource source, int maxOpen) {
    this.maxOpen = maxOpen;
    logs = folder.resolve("logs");
    state = folder.resolve("state");
    this.source = source;
    try {
      java.nio.file.Files.createDirectories(logs);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    begin();
  }

  static FileSource source(Path folder, FileSource.Multiline multiline) {
    return source(folder, multiline, 1 << 20, FileSource.OnOversize.SPLIT, StandardCharsets.UTF_8);
  }

  static FileSource source(
      Path folder,
      FileSource.Multiline multiline,
      int maxRecord,
      FileSource.OnOversize onOversize,
      Charset charset) {
    return new FileSource(
        "app",
        List.of(folder.resolve("logs") + "/*.log"),
        List.of(),
        new ParserSpec.Raw(),
        multiline,
        Duration.ofMillis(100),
        FileSource.StartAt.BEGINNING,
        charset,
        ZoneOffset.UTC,
        maxRecord,
        onOversize);
  }

  private void begin() {
    try {
      store = PositionStore.open(state, random, notices::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    sources = List.of(TailSource.of(source, parsers, metrics));
    generations =
        new Generations(
            java.nio.file.FileSystems.getDefault(),
            sources,
            store.volume(),
            store.loaded(),
            maxOpen,
            random,
            notices::add);
    generations.leaveOut(own);
    tailer =
        new FileTailer(
            generations,
            store,
            new Destination(),
            budget,
            new byte[0],
            false,
            () -> Instant.ofEpochSecond(seconds, nanos % 1_000_000_000),
            notices::add,
            () -> {});
    if (start != null) {
      tailer.startFrom(start);
    }
  }

  /// Goes over to other sources, between two rounds; those that are equal to one there stay as they are.
  void change(FileSource... files) {
    List<TailSource> next = new ArrayList<>();
    for (FileSource file : files) {
      next.add(
          sources.stream()
              .filter(there -> there.settings.equals(file))
              .findFirst()
              .orElseGet(() -> TailSource.of(file, parsers, metrics)));
    }
    sources = List.copyOf(next);
    tailer.change(sources, new byte[0], false, nanos);
  }

  /// Looks at names and reads until there is nothing to do. Where the loop would sleep, another
  /// round has to find nothing to read: nothing has changed that would wake it.
  void run() {
    boolean look = true;
    boolean sleeps = false;
    while (true) {
      int before = records.size();
      int work = tailer.doWork(nanos, look);
      if (sleeps && records.size() > before) {
        throw new AssertionError("the loop would have slept with something to read");
      }
      if (work == 0) {
        return;
      }
      sleeps = !look && tailer.roomLeft() && !tailer.again();
      look = false;
    }
  }

  void pass(Duration time) {
    nanos += time.toNanos();
    run();
  }

  /// So many looks, a second apart.
  void looks(int count) {
    for (int i = 0; i < count; i++) {
      pass(Duration.ofSeconds(1));
    }
  }

  /// Stops without a last word, and starts again from what is stored.
  void crashAndRestart() {
    close();
    unconfirmed.clear();
    begin();
  }

  void stopAndRestart() {
    tailer.finishHeld();
    run();
    tailer.savePositions(nanos);
    crashAndRestart();
  }

  /// The process is about to stop: what has no end yet is a record.
  void finishHeld() {
    tailer.finishHeld();
    run();
  }

  /// How many files are held open.
  int open() {
    return generations.live().size();
  }

  /// Those files.
  Collection<TailedFile> live() {
    return generations.live();
  }

  /// How long the loop would sleep now.
  Duration waitTime() {
    return Duration.ofNanos(tailer.waitNanos(nanos, false));
  }

  /// The system tells that names became others.
  void moved(Path from, Path to) {
    generations.moved(List.of(new ChangeWatch.Move(from, to)), nanos);
  }

  void confirmAll() {
    List<Sent> sent = List.copyOf(unconfirmed);
    unconfirmed.clear();
    sent.forEach(this::confirm);
    run();
  }

  private void confirm(Sent sent) {
    budget.release(sent.reservedBytes());
    sent.acknowledgement().bytesFree();
    sent.acknowledgement().delivered(0, "");
  }

  /// What the volume holds.
  List<SavedGeneration> stored() {
    return generations.toStore();
  }

  List<SourceStatus.File> files() {
    return generations.status().getFirst().files();
  }

  long lostBytes() {
    return metrics.value(Counter.SOURCE_LOST_BYTES, "app");
  }

  boolean caughtUp() {
    return tailer.caughtUp();
  }

  List<FileReceipt> receipt() {
    return generations.receipt(true).files();
  }

  List<String> bodies() {
    return records.stream().map(record -> record.getBody().getStringValue()).toList();
  }

  List<String> uids() {
    return records.stream()
        .flatMap(record -> record.getAttributesList().stream())
        .filter(attribute -> attribute.getKey().equals("log.record.uid"))
        .map(attribute -> attribute.getValue().getStringValue())
        .toList();
  }

  @Override
  public void close() {
    tailer.close();
    try {
      store.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Destination implements Buffer {
    private long sequence;

    @Override
    public BooleanSupplier delivery() {
      return () -> delivers;
    }

    @Override
    public boolean hasRoomForFiles() {
      return room;
    }

    @Override
    public boolean hasRoomForRequests() {
      return true;
    }

    @Override
    public void filtered(String source, Signal signal, long records, long bytes) {}

    @Override
    public void onRoom(Runnable listener) {}

    @Override
    public long append(
        Batch batch,
        long reservedBytes,
        Acknowledgement.When when,
        Acknowledgement acknowledgement) {
      try {
        ExportLogsServiceRequest request =
            ExportLogsServiceRequest.parseFrom(
                ByteBuffer.wrap(batch.bytes(), batch.offset(), batch.length()));
        request
            .getResourceLogsList()
            .forEach(
                resource ->
                    resource
                        .getScopeLogsList()
                        .forEach(scope -> records.addAll(scope.getLogRecordsList())));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      Sent sent = new Sent(batch, reservedBytes, acknowledgement);
      if (confirms) {
        confirm(sent);
      } else {
        unconfirmed.add(sent);
      }
      return ++sequence;
    }
  }

  /// Indented lines continue a record; nothing continues one whose first line ends in a semicolon.
  static final class RawLines implements LineParser {
    @Override
    public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
      sink.body(buffer, offset, length);
      return ParseResult.PARSED;
    }

    @Override
    public boolean startsRecord(byte[] buffer, int offset, int length) {
      return length == 0 || buffer[offset] != ' ';
    }

    @Override
    public boolean endsRecord(byte[] buffer, int offset, int length) {
      return length > 0 && buffer[offset + length - 1] == ';';
    }
  }
}

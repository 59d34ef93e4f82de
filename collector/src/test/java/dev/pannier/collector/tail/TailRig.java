package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParseResult;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.parsers.RecordSink;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A tailer over real files, driven by hand: its clock stands still unless told, its buffer is a
/// list, and it can be stopped or killed and started again.
final class TailRig implements AutoCloseable {
  /// A line that begins with white space continues the one before it.
  static final class PlainParser implements LineParser {
    @Override
    public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
      sink.body(buffer, offset, length);
      return ParseResult.PARSED;
    }

    @Override
    public boolean startsRecord(byte[] buffer, int offset, int length) {
      return length > 0 && buffer[offset] != ' ' && buffer[offset] != '\t';
    }
  }

  private record Held(Batch batch, long reserved, Acknowledgement acknowledgement) {}

  /// Takes what it is given as long as it holds fewer than [#capacity] batches.
  private final class ListBuffer implements Buffer {
    private final List<Held> held = new ArrayList<>();

    @Override
    public boolean hasRoomForFiles() {
      return held.size() < capacity;
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
        Batch batch, long reserved, Acknowledgement.When when, Acknowledgement acknowledgement) {
      held.add(new Held(batch, reserved, acknowledgement));
      take(batch);
      return held.size();
    }
  }

  final Path logs;
  final Path state;
  final List<String> notices = new ArrayList<>();
  final Metrics metrics = new Metrics();
  int capacity = 64;

  /// When its clock began.
  Instant epoch = Instant.ofEpochSecond(1_700_000_000L);

  /// Everything that was handed over, by uid: a repeat after a crash is the same record.
  final Map<String, String> shipped = new LinkedHashMap<>();

  /// The offsets of each generation's records, in the order of their first appearance.
  final Map<String, List<Long>> offsets = new LinkedHashMap<>();

  /// The ordering keys of all batches.
  final Set<String> keys = new HashSet<>();

  final List<LogRecord> records = new ArrayList<>();
  long repeated;

  /// How often the loop's sleep was ended.
  int wakes;

  private final FileSource settings;
  private final Random random = new Random(11);
  private long nowNanos = 1_000_000_000L;
  private MemoryBudget budget = new MemoryBudget(64 << 20);
  private ListBuffer buffer = new ListBuffer();
  private @Nullable PositionStore store;
  private @Nullable FileTailer tailer;

  TailRig(Path directory, FileSource settings) {
    this.logs = directory.resolve("logs");
    this.state = directory.resolve("state");
    this.settings = settings;
    logs.toFile().mkdirs();
  }

  static FileSource settings(Path directory, String... include) {
    return new FileSource(
        "app",
        Arrays.stream(include).map(glob -> directory.resolve("logs") + "/" + glob).toList(),
        List.of(),
        new ParserSpec.Raw(),
        new FileSource.Multiline.None(),
        Duration.ofMillis(100),
        FileSource.StartAt.BEGINNING,
        UTF_8,
        ZoneOffset.UTC,
        1 << 20,
        FileSource.OnOversize.SPLIT);
  }

  static FileSource multiline(FileSource from) {
    return with(from, new FileSource.Multiline.Auto(), from.charset(), from.maxRecord());
  }

  static FileSource with(
      FileSource from, FileSource.Multiline multiline, Charset charset, int maxRecord) {
    return new FileSource(
        from.name(),
        from.include(),
        from.exclude(),
        from.parser(),
        multiline,
        from.flushAfter(),
        from.startAt(),
        charset,
        from.zone(),
        maxRecord,
        from.onOversize());
  }

  static FileSource fromEnd(FileSource from) {
    return new FileSource(
        from.name(),
        from.include(),
        from.exclude(),
        from.parser(),
        from.multiline(),
        from.flushAfter(),
        FileSource.StartAt.END,
        from.charset(),
        from.zone(),
        from.maxRecord(),
        from.onOversize());
  }

  void start() {
    try {
      store = PositionStore.open(state, random, notices::add);
      buffer = new ListBuffer();
      budget = new MemoryBudget(64 << 20);
      TailSource source =
          new TailSource(
              FileSystems.getDefault(),
              settings,
              (head, length) -> new PlainParser(),
              null,
              metrics);
      Generations generations =
          new Generations(
              FileSystems.getDefault(),
              List.of(source),
              store.volume(),
              store.loaded(),
              OpenFiles.MOST,
              random,
              notices::add);
      tailer =
          new FileTailer(
              generations,
              store,
              buffer,
              budget,
              new byte[0],
              false,
              () -> epoch.plusNanos(nowNanos),
              notices::add,
              () -> wakes++);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Tells that the buffer has room.
  void room() {
    tailer().room();
  }

  /// One round, with a look at the folders.
  int step() {
    nowNanos += 1_000_000L;
    return tailer().doWork(nowNanos, true);
  }

  /// One round that only looks at the files already known.
  int stepWithoutLook() {
    nowNanos += 1_000_000L;
    return tailer().doWork(nowNanos, false);
  }

  /// How long the loop would sleep now, where changes do not end its sleep.
  Duration waitTime() {
    return Duration.ofNanos(tailer().waitNanos(nowNanos, false));
  }

  /// How long the loop would sleep now, where each change ends its sleep.
  Duration waitTimeWhereTold() {
    return Duration.ofNanos(tailer().waitNanos(nowNanos, true));
  }

  /// What has grown in the last round did so without a word.
  void untold() {
    assertThat(tailer().grew(nowNanos)).isTrue();
    tailer().untold(nowNanos);
  }

  /// What its clock says since [#epoch].
  Duration passed() {
    return Duration.ofNanos(nowNanos);
  }

  void pass(Duration time) {
    nowNanos += time.toNanos();
  }

  /// Acknowledges everything and works until there is nothing more to do, over some seconds.
  void settle() {
    for (int quiet = 0, rounds = 0; quiet < 8; rounds++) {
      if (rounds > 100_000) {
        throw new AssertionError("never quiet: " + notices);
      }
      int work = step();
      work += buffer.held.size();
      acknowledgeAll();
      if (work == 0) {
        quiet++;
        pass(Duration.ofSeconds(2));
      } else {
        quiet = 0;
      }
    }
  }

  void acknowledgeAll() {
    while (!buffer.held.isEmpty()) {
      acknowledge(0);
    }
  }

  /// Acknowledges about half of what is held, in no order.
  void acknowledgeSome(Random choice) {
    for (int i = buffer.held.size() / 2; i >= 0 && !buffer.held.isEmpty(); i--) {
      acknowledge(choice.nextInt(buffer.held.size()));
    }
  }

  private void acknowledge(int index) {
    Held done = buffer.held.remove(index);
    budget.release(done.reserved());
    done.acknowledgement().bytesFree();
    done.acknowledgement().delivered(0, "");
  }

  /// As on SIGTERM: what is held goes out, everything is confirmed, positions are saved.
  void stop() {
    for (int i = 0; i < 4; i++) {
      while (step() > 0 || !buffer.held.isEmpty()) {
        acknowledgeAll();
      }
      tailer().finishHeld();
    }
    tailer().savePositions(nowNanos);
    kill();
  }

  /// As by `kill -9`: nothing more is said or stored.
  void kill() {
    try {
      tailer().close();
      if (store != null) {
        store.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    tailer = null;
    store = null;
  }

  boolean isRunning() {
    return tailer != null;
  }

  FileTailer tailer() {
    if (tailer == null) {
      throw new IllegalStateException("not started");
    }
    return tailer;
  }

  List<String> bodies() {
    return List.copyOf(shipped.values());
  }

  long lostBytes() {
    return metrics.value(Counter.SOURCE_LOST_BYTES, "app");
  }

  long heldBytes() {
    return budget.heldBytes();
  }

  private void take(Batch batch) {
    keys.add(batch.key());
    try {
      ExportLogsServiceRequest request =
          ExportLogsServiceRequest.parseFrom(
              Arrays.copyOfRange(batch.bytes(), batch.offset(), batch.offset() + batch.length()));
      request.getResourceLogsList().stream()
          .flatMap(resource -> resource.getScopeLogsList().stream())
          .flatMap(scope -> scope.getLogRecordsList().stream())
          .forEach(this::take);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void take(LogRecord logRecord) {
    records.add(logRecord);
    String uid = attribute(logRecord, "log.record.uid");
    String body = logRecord.getBody().getStringValue();
    String before = shipped.putIfAbsent(uid, body);
    if (before == null) {
      offsets
          .computeIfAbsent(uid.substring(0, 20), any -> new ArrayList<>())
          .add(Long.parseLong(uid.substring(20), 32));
    } else {
      repeated++;
      // A record that was cut off by a crash of its writer's line may have grown; else it is equal.
      if (!before.equals(body)) {
        throw new AssertionError(uid + " was " + before + " and is " + body);
      }
    }
  }

  static String attribute(LogRecord logRecord, String key) {
    return logRecord.getAttributesList().stream()
        .filter(attribute -> attribute.getKey().equals(key))
        .map(KeyValue::getValue)
        .map(value -> value.getStringValue())
        .findFirst()
        .orElse("");
  }

  @Override
  public void close() {
    if (isRunning()) {
      kill();
    }
  }
}

package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.ThreadMXBean;
import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.parsers.Parsers;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.lang.management.ManagementFactory;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the tail loop allocates: something a batch, nothing a line.
class TailAllocationTest {
  private static final int LINES_A_BATCH = FileTailer.MAX_BATCH_RECORDS;

  @TempDir private Path folder;

  @Test
  void aRawLineAllocatesNothing() throws Exception {
    read(
        Parsers.create(new ParserSpec.Raw(), ZoneOffset.UTC),
        "2026-11-24 10:00:00.000 INFO  com.example.Shop - order\n");
  }

  @Test
  void aJsonLineAllocatesNothing() throws Exception {
    read(
        Parsers.create(new ParserSpec.Logstash(), ZoneOffset.UTC),
        """
        {"@timestamp":"2026-11-24T10:00:00.000Z","@version":"1","message":"order","logger_name":"a.B",\
        "level":"INFO","level_value":20000,"traceId":"0af7651916cd43dd8448eb211c80319c","total":1.5}
        """);
  }

  @Test
  void aLogbackLineAllocatesNothing() throws Exception {
    read(
        Parsers.create(
            new ParserSpec.Logback("%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger - %msg%n"),
            ZoneOffset.UTC),
        "2026-11-24 10:00:00.000 INFO  com.example.Shop - order\n");
  }

  @Test
  void aLineOfARegularExpressionAllocatesNothing() throws Exception {
    read(
        Parsers.create(
            new ParserSpec.Regex(
                "^(?<time>\\S+ \\S+) +(?<severity>\\w+) +(?<logger>\\S+) - (?<body>.*)$",
                "yyyy-MM-dd HH:mm:ss.SSS",
                null),
            ZoneOffset.UTC),
        "2026-11-24 10:00:00.000 INFO  com.example.Shop - order\n");
  }

  private void read(LineParser parser, String line) throws Exception {
    assumeThat(ManagementFactory.getThreadMXBean()).isInstanceOf(ThreadMXBean.class);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Path log = Files.createDirectories(folder.resolve("logs")).resolve("app.log");
    byte[] lines = line.repeat(50_000).getBytes(US_ASCII);
    Files.write(log, lines);
    Counting counting = new Counting();
    try (PositionStore store =
        PositionStore.open(folder.resolve("state"), new Random(7), _ -> {})) {
      FileSource settings = TailHarness.source(folder, new FileSource.Multiline.Auto());
      Generations generations =
          new Generations(
              FileSystems.getDefault(),
              List.of(TailSource.of(settings, (head, length) -> parser, new Metrics())),
              store.volume(),
              store.loaded(),
              OpenFiles.MOST,
              new Random(7),
              _ -> {});
      FileTailer tailer =
          new FileTailer(
              generations,
              store,
              counting,
              counting.budget,
              new byte[0],
              false,
              InstantSource.system(),
              _ -> {},
              () -> {});
      long nanos = TimeUnit.DAYS.toNanos(1);
      readAll(tailer, nanos, true);
      long warm = counting.records;
      for (int i = 0; i < 4; i++) {
        Files.write(log, lines, StandardOpenOption.APPEND);
      }
      long before = threads.getCurrentThreadAllocatedBytes();
      readAll(tailer, nanos, false);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      tailer.close();

      long records = counting.records - warm;
      assertThat(records).isGreaterThanOrEqualTo(199_000);
      // A batch's bookkeeping, some hundred bytes, is what is left: 16 a line would be 8 KiB a
      // batch.
      assertThat(allocated / (records / LINES_A_BATCH)).as("bytes a batch").isLessThan(4_096);
    }
  }

  private static void readAll(FileTailer tailer, long nanos, boolean look) {
    boolean first = look;
    while (tailer.doWork(nanos, first) > 0) {
      first = false;
    }
  }

  /// Takes everything, and gives its buffer back at once.
  private static final class Counting implements Buffer {
    final MemoryBudget budget = new MemoryBudget(24 << 20);
    long records;

    @Override
    public boolean hasRoomForFiles() {
      return true;
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
      records += batch.records();
      budget.release(reservedBytes);
      acknowledgement.bytesFree();
      acknowledgement.delivered(0, "");
      return records;
    }
  }
}

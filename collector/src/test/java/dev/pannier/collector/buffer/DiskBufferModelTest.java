package dev.pannier.collector.buffer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Acknowledgement.When;
import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// Random histories of a disk buffer against what it has promised: batches appended, taken, done in and out of order, synced;
/// processes that die, machines that die with what was not synced, bits that flip. A batch is a number; a
/// source appends again after a death what was not acknowledged, as a tailer does.
class DiskBufferModelTest {
  private static final byte[] POSITIONS = new Positions(1, 0, 1, 0, 0).encode();
  private static final int STEPS = 400;

  private static final class Shipper {
    final String name;
    final List<Integer> shipped = new ArrayList<>();
    final Map<Long, Integer> bySequence = new HashMap<>();
    final ArrayDeque<Entry> taken = new ArrayDeque<>();

    Shipper(String name) {
      this.name = name;
    }
  }

  private static final class History {
    final Random random;
    final Path directory;
    final MemoryBudget budget = new MemoryBudget(1 << 20);
    final Set<Integer> acknowledged = new LinkedHashSet<>();
    final List<Integer> unacknowledged = new ArrayList<>();
    final Map<Path, Long> syncedSizes = new HashMap<>();
    final List<Shipper> shippers = List.of(new Shipper("quick"), new Shipper("exact"));
    final List<String> notices = new ArrayList<>();
    long nowNanos = 1_000_000_000_000L;
    int appended;
    int flips;
    Ledger ledger = new Ledger();
    DiskBuffer buffer;

    History(Random random, Path directory) throws IOException {
      this.random = random;
      this.directory = directory;
      buffer = open();
    }

    DiskBuffer open() throws IOException {
      Map<String, Set<Signal>> signals = new LinkedHashMap<>();
      shippers.forEach(shipper -> signals.put(shipper.name, Set.of(Signal.LOGS)));
      ledger = new Ledger();
      return new DiskBuffer(
          new BufferSettings(
              BufferSettings.Type.DISK, directory, 1 << 20, BufferSettings.OnFull.BACKPRESSURE),
          budget,
          ledger,
          new Metrics(),
          signals,
          Set.of("exact"),
          () -> Instant.ofEpochMilli(nowNanos / 1_000_000),
          nowNanos,
          notices::add);
    }

    void append(int number) {
      byte[] bytes = (number + " " + "x".repeat(random.nextInt(6_000))).getBytes(UTF_8);
      if (!buffer.hasRoomForFiles() || !budget.tryReserve(bytes.length)) {
        return;
      }
      appended = Math.max(appended, number);
      unacknowledged.add(number);
      DiskBuffer to = buffer;
      buffer.append(
          new Batch(Signal.LOGS, bytes, 0, bytes.length, 1, "app", "key", POSITIONS),
          bytes.length,
          When.DURABLE,
          (rejected, reason) -> {
            if (to == buffer) {
              acknowledged.add(number);
              unacknowledged.remove((Integer) number);
            }
          });
    }

    void take(Shipper shipper) {
      Entry entry = buffer.cursor(shipper.name).next();
      if (entry == null) {
        return;
      }
      Batch batch = entry.batch();
      String text = new String(batch.bytes(), batch.offset(), batch.length(), UTF_8);
      int number = Integer.parseInt(text.substring(0, text.indexOf(' ')));
      shipper.shipped.add(number);
      shipper.taken.add(entry);
      // A flipped bit at the log's end looks like a torn tail, whose numbers were never given out.
      if (shipper.name.equals("exact") && flips == 0) {
        Integer before = shipper.bySequence.put(entry.sequence(), number);
        assertThat(before == null || before == number)
            .as("number %d is %d and was %d", entry.sequence(), number, before)
            .isTrue();
      }
    }

    void done(Shipper shipper) {
      if (shipper.taken.isEmpty()) {
        return;
      }
      boolean last = random.nextInt(4) == 0;
      Entry entry = last ? shipper.taken.removeLast() : shipper.taken.removeFirst();
      buffer.cursor(shipper.name).done(entry, 0, "");
    }

    void work(long millis) throws IOException {
      nowNanos += millis * 1_000_000;
      int before = unacknowledged.size();
      buffer.doWork(nowNanos);
      if (before > 0 && unacknowledged.isEmpty()) {
        rememberSizes();
      }
    }

    void rememberSizes() throws IOException {
      for (Path file : segments()) {
        syncedSizes.put(file, Files.size(file));
      }
    }

    List<Path> segments() throws IOException {
      List<Path> files = new ArrayList<>();
      try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.log")) {
        all.forEach(files::add);
      }
      files.sort(null);
      return files;
    }

    /// @param machine whether what was not synced goes, too: all, none or a part of it
    void die(boolean machine) throws IOException {
      buffer.log().close();
      if (machine) {
        // All but the newest are durable before that is begun.
        List<Path> files = segments();
        if (!files.isEmpty()) {
          Path newest = files.getLast();
          long size = Files.size(newest);
          long synced = syncedSizes.getOrDefault(newest, 0L);
          if (size > synced) {
            cut(newest, synced + random.nextLong(size - synced + 1));
          }
        }
      }
      budget.release(budget.heldBytes());
      shippers.forEach(shipper -> shipper.taken.clear());
      List<Integer> again = List.copyOf(unacknowledged);
      unacknowledged.clear();
      buffer = open();
      rememberSizes();
      again.forEach(this::append);
    }

    static void cut(Path file, long size) throws IOException {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(size);
      }
    }

    /// Of what has lain for a second: until then nothing may tell yet that it was synced.
    void flip() throws IOException {
      work(1000);
      List<Path> files = segments();
      if (files.isEmpty()) {
        return;
      }
      Path file = files.get(random.nextInt(files.size()));
      byte[] bytes = Files.readAllBytes(file);
      int header = 28 + ByteBuffer.wrap(bytes).getInt(24) + 4;
      if (bytes.length <= header) {
        return;
      }
      flips++;
      int at = header + random.nextInt(bytes.length - header);
      bytes[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, bytes);
    }

    void drain() throws IOException {
      for (int i = 0; i < 5; i++) {
        work(1000);
        for (Shipper shipper : shippers) {
          for (int before = -1; before != shipper.shipped.size(); ) {
            before = shipper.shipped.size();
            take(shipper);
            while (!shipper.taken.isEmpty()) {
              done(shipper);
            }
          }
        }
      }
    }
  }

  private static History run(long seed, Path directory, boolean flips) throws IOException {
    History history = new History(new Random(seed), directory);
    for (int i = 0; i < STEPS; i++) {
      Shipper shipper = history.shippers.get(history.random.nextInt(2));
      switch (history.random.nextInt(40)) {
        case 0 -> history.die(false);
        case 1 -> history.die(true);
        case 2 -> history.work(1000);
        case 3, 4, 5, 6, 7 -> history.work(history.random.nextInt(150));
        case 8 -> {
          if (flips) {
            history.flip();
          }
        }
        default -> {
          switch (history.random.nextInt(5)) {
            case 0, 1 -> history.append(history.appended + 1);
            case 2, 3 -> history.take(shipper);
            default -> history.done(shipper);
          }
        }
      }
      assertThat(history.budget.heldBytes()).isLessThanOrEqualTo(history.budget.limitBytes());
    }
    history.drain();
    history.buffer.close();
    assertThat(history.budget.heldBytes()).isZero();
    for (Shipper shipper : history.shippers) {
      assertThat(history.buffer.cursor(shipper.name).openBatches()).isZero();
      assertThat(history.buffer.cursor(shipper.name).openRecords()).isZero();
    }
    for (Ledger.Row row : history.ledger.snapshot()) {
      for (Ledger.Amounts amounts : List.of(row.records(), row.bytes())) {
        assertThat(amounts.read()).isEqualTo(amounts.shipped() + amounts.dropped());
        assertThat(amounts.inFlight()).isZero();
      }
    }
    return history;
  }

  @Property(tries = 60)
  void whatWasAcknowledgedReachesEveryShipperInOrder(@ForAll long seed) throws IOException {
    Path directory = Files.createTempDirectory("disk-buffer");
    try {
      History history = run(seed, directory, false);
      for (Shipper shipper : history.shippers) {
        assertThat(shipper.shipped)
            .as("seed %d, %s", seed, shipper.name)
            .containsAll(history.acknowledged);
        assertThat(new ArrayList<>(new LinkedHashSet<>(shipper.shipped)))
            .as("seed %d, %s: the first copies are in order", seed, shipper.name)
            .isSorted();
      }
    } finally {
      delete(directory);
    }
  }

  @Property(tries = 40)
  void flippedBitsCostNoMoreThanTheirRecords(@ForAll long seed) throws IOException {
    Path directory = Files.createTempDirectory("disk-buffer");
    try {
      History history = run(seed, directory, true);
      for (Shipper shipper : history.shippers) {
        Set<Integer> missing = new HashSet<>(history.acknowledged);
        shipper.shipped.forEach(missing::remove);
        assertThat(missing.size())
            .as("seed %d, %s", seed, shipper.name)
            .isLessThanOrEqualTo(history.flips);
        assertThat(missing.isEmpty() || !history.notices.isEmpty())
            .as("seed %d: told", seed)
            .isTrue();
      }
    } finally {
      delete(directory);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}

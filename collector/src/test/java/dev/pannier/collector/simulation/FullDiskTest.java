package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.tail.SimulatedTail;
import dev.pannier.collector.tail.StartPositions;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Positions on a disk that others have filled, and go on filling.
class FullDiskTest {
  private static final long MIB = 1 << 20;
  private static final long SECOND = 1_000_000_000L;

  private SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
  private SimulatedFileSystem files = new SimulatedFileSystem(disk);
  private final List<String> notices = new ArrayList<>();
  private final List<Acknowledgement> unconfirmed = new ArrayList<>();
  private Path state;
  private long nowNanos = 1_700_000_000 * SECOND;

  @BeforeEach
  void mount() throws IOException {
    mount(1);
  }

  private void mount(long seed) throws IOException {
    disk = new SimulatedDisk(new SplittableRandom(seed));
    files = new SimulatedFileSystem(disk);
    disk.makeFolder(files.getPath("/var"), true);
    disk.makeFolder(files.getPath("/var/log"), true);
    state = files.getPath("/var/state");
    disk.roomBytes = 8 * MIB;
  }

  private PositionStore open() throws IOException {
    return PositionStore.open(state, new SplittableRandom(1), notices::add);
  }

  /// Whoever fills it takes each page that is given back.
  private void fill() {
    disk.roomBytes = disk.usedBytes();
  }

  private static List<SavedGeneration> generations(int count) {
    return LongStream.range(0, count)
        .mapToObj(
            id ->
                new SavedGeneration(
                    id,
                    "app",
                    1,
                    id,
                    "/var/log/app.log",
                    Fingerprint.EMPTY,
                    Anchor.START,
                    0,
                    false,
                    id,
                    0))
        .toList();
  }

  private final class Destination implements Buffer {
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
      unconfirmed.add(acknowledgement);
      return unconfirmed.size();
    }
  }

  private SimulatedTail tail(PositionStore store) {
    FileSource source =
        new FileSource(
            "app",
            List.of("/var/log/*.log"),
            List.of(),
            new ParserSpec.Raw(),
            new FileSource.Multiline.None(),
            Duration.ofMillis(100),
            FileSource.StartAt.BEGINNING,
            UTF_8,
            ZoneOffset.UTC,
            1 << 20,
            FileSource.OnOversize.SPLIT,
            FileSource.AfterShipped.DELETE);
    return new SimulatedTail(
        files,
        List.of(source),
        store,
        List.of(),
        new StartPositions(List.of(), true, false),
        stored -> {},
        new Destination(),
        new MemoryBudget(64 * MIB),
        new Metrics(),
        new SplittableRandom(1),
        () -> Instant.ofEpochSecond(0, nowNanos),
        notices::add);
  }

  private void looks(SimulatedTail tail, int count) {
    for (int i = 0; i < count; i++) {
      nowNanos += SECOND;
      disk.clock(nowNanos / 1_000_000);
      disk.enter();
      tail.doWork(nowNanos, true);
      disk.leave();
      fill();
    }
  }

  private void write(String log, String text) throws IOException {
    Files.writeString(
        files.getPath("/var/log", log), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    fill();
  }

  /// Each rotation is another file whose position has to be stored before it is read.
  @Test
  void whatWasShippedIsDeletedThoughTheDiskIsFullOfIt() throws IOException {
    disk.enter();
    PositionStore store = open();
    SimulatedTail tail = tail(store);
    disk.leave();
    write("app.log", "first\n".repeat(10_000));
    disk.roomBytes += 8 * MIB;
    looks(tail, 3);
    for (int i = 1; i <= 8; i++) {
      Files.move(files.getPath("/var/log/app.log"), files.getPath("/var/log/app.log." + i));
      write("app.log", "line " + i + "\n");
      looks(tail, 20);
    }
    assertThat(Files.exists(files.getPath("/var/log/app.log.1"))).isTrue();
    unconfirmed.forEach(
        acknowledgement -> {
          acknowledgement.bytesFree();
          acknowledgement.delivered(0, "");
        });
    looks(tail, 30);
    for (int i = 1; i <= 8; i++) {
      assertThat(Files.exists(files.getPath("/var/log/app.log." + i)))
          .as("app.log.%d", i)
          .isFalse();
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void positionsAreReplacedOnAFullDiskAgainAndAgain() throws IOException {
    disk.enter();
    try (PositionStore store = open()) {
      store.save(generations(100));
      fill();
      for (int i = 100; i < 140; i++) {
        store.save(generations(i));
        fill();
      }
      assertThatThrownBy(() -> store.save(generations(1000)))
          .hasMessageContaining("No space left on device");
    }
    try (PositionStore store = open()) {
      assertThat(store.loaded()).isEqualTo(generations(139));
      store.save(generations(100));
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void wherePositionsAreReplacedOnAFullDiskACrashLeavesTheOldOrTheNewOnes() throws IOException {
    int crashes = 0;
    for (long seed = 0; seed < 100; seed++) {
      for (int call = 1; call <= 20; call++) {
        mount(seed);
        disk.enter();
        PositionStore store = open();
        store.save(generations(100));
        fill();
        store.save(generations(101));
        disk.dieAfter(call);
        boolean died = false;
        try {
          store.save(generations(102));
        } catch (SimulatedDisk.Crash e) {
          died = true;
        }
        crashes += died ? 1 : 0;
        disk.processEnded();
        if (seed % 2 == 0) {
          disk.losePower();
        }
        fill();
        disk.enter();
        try (PositionStore again = open()) {
          assertThat(again.loaded())
              .as("seed %d, call %d", seed, call)
              .isIn(died ? generations(101) : generations(102), generations(102));
          if (seed % 2 == 1) {
            again.save(generations(102));
          }
          disk.roomBytes = 8 * MIB;
          again.save(generations(103));
          fill();
          again.save(generations(104));
        }
        try (PositionStore again = open()) {
          assertThat(again.loaded()).as("seed %d, call %d", seed, call).isEqualTo(generations(104));
        }
        disk.processEnded();
      }
    }
    assertThat(crashes).isGreaterThan(1000);
    assertThat(notices).isEmpty();
  }

  @Test
  void noReserveIsMadeOfTheLastThatOthersHave() throws IOException {
    disk.enter();
    disk.roomBytes = MIB;
    try (PositionStore store = open()) {
      store.save(generations(100));
      assertThat(Files.exists(state.resolve("positions.reserve"))).isFalse();
      disk.roomBytes = 8 * MIB;
      store.save(generations(100));
      assertThat(Files.size(state.resolve("positions.reserve"))).isPositive();
    }
  }
}

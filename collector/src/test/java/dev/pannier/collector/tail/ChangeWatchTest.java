package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
@Timeout(60)
class ChangeWatchTest {
  private static final long LONG = TimeUnit.SECONDS.toNanos(30);

  @TempDir Path directory;
  private final List<String> notices = new ArrayList<>();
  private Inotify inotify;

  @BeforeEach
  void open() {
    inotify = Objects.requireNonNull(Inotify.open(System::nanoTime, notices::add));
  }

  @AfterEach
  void close() {
    inotify.close();
  }

  @Test
  void newNameIsToldAsListing() throws IOException {
    assertThat(inotify.watch(directory)).isTrue();
    Files.createFile(directory.resolve("app.log"));
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
  }

  @Test
  void appendedBytesAreToldAsModified() throws IOException {
    Path file = Files.createFile(directory.resolve("app.log"));
    inotify.watch(directory);
    Files.writeString(file, "one\n", StandardOpenOption.APPEND);
    assertThat(inotify.await(LONG)).isEqualTo(ChangeWatch.MODIFIED);
    assertThat(inotify.await(0)).isZero();
  }

  @Test
  void renameAndDeleteAreToldAsListing() throws IOException {
    Path file = Files.createFile(directory.resolve("app.log"));
    inotify.watch(directory);
    Files.move(file, directory.resolve("app.log.1"));
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
    Files.delete(directory.resolve("app.log.1"));
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
  }

  @Test
  void whatIsRenamedIsToldByBothItsNames() throws IOException {
    Path other = Files.createDirectory(directory.resolve("other"));
    inotify.watch(directory);
    inotify.watch(other);
    Path file = Files.createFile(directory.resolve("app.log"));
    Path second = Files.move(file, directory.resolve("app.log.1"));
    Path third = Files.move(second, other.resolve("app.log.with-a-name-of-more-than-16-bytes"));
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
    assertThat(inotify.takeMoves())
        .containsExactly(new ChangeWatch.Move(file, second), new ChangeWatch.Move(second, third));
    assertThat(inotify.takeMoves()).isEmpty();
    // To where nobody looks, and from there.
    Path away = Files.createDirectory(other.resolve("away"));
    Path gone = Files.move(third, away.resolve("app.log"));
    Files.move(gone, file);
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
    assertThat(inotify.takeMoves()).isEmpty();
  }

  @Test
  void burstOfEventsThatWasTakenDoesNotKeepItAwake() throws Exception {
    AtomicLong clock = new AtomicLong();
    inotify.close();
    inotify = Objects.requireNonNull(Inotify.open(clock::get, notices::add));
    inotify.watch(directory);
    // 32 bytes each: more than half of what is read at once, and no more than that.
    for (int i = 0; i < 400; i++) {
      Files.createDirectory(directory.resolve("folder" + i));
    }
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
    clock.addAndGet(2 * Inotify.GATHER_NANOS);
    assertThat(inotify.await(0)).isZero();

    Thread waker = new Thread(inotify::wake);
    waker.start();

    assertThat(inotify.await(LONG)).isEqualTo(ChangeWatch.WOKEN);
    waker.join();
  }

  @Test
  void directoryMadeAnewIsWatchedAgainByAskingAgain() throws IOException {
    Path inner = Files.createDirectory(directory.resolve("inner"));
    inotify.watch(inner);
    Files.delete(inner);
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
    assertThat(inotify.watch(inner)).isFalse();
    Files.createDirectory(inner);
    assertThat(inotify.watch(inner)).isTrue();
    assertThat(inotify.watch(inner)).isTrue();
    drain();
    Files.createFile(inner.resolve("app.log"));
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
  }

  @Test
  void whatIsNotRetainedIsWatchedNoMore() throws IOException {
    Path kept = Files.createDirectory(directory.resolve("kept"));
    Path gone = Files.createDirectory(directory.resolve("gone"));
    Path deleted = Files.createDirectory(directory.resolve("deleted"));
    Path again = Files.createSymbolicLink(directory.resolve("again"), kept);
    for (Path each : List.of(kept, gone, deleted, again)) {
      assertThat(inotify.watch(each)).isTrue();
    }
    Files.delete(deleted);
    inotify.retain(Set.of(kept));
    drain();
    Files.createFile(gone.resolve("app.log"));
    assertThat(inotify.await(0)).isZero();
    Files.createFile(kept.resolve("app.log"));
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
    assertThat(inotify.watch(gone)).isTrue();
    Files.createFile(gone.resolve("more.log"));
    assertThat(inotify.await(LONG) & ChangeWatch.LISTING).isNotZero();
  }

  @Test
  void manyEventsAreTakenWithoutLosingAnyKind() throws IOException {
    inotify.watch(directory);
    for (int i = 0; i < 2_000; i++) {
      Files.createFile(directory.resolve("a-rather-long-name-for-a-log-file-" + i + ".log"));
    }
    assertThat(drain()).isEqualTo(ChangeWatch.LISTING | ChangeWatch.MODIFIED);
  }

  @Test
  void wakeBeforeSleepEndsItOnceOnly() {
    inotify.wake();
    inotify.wake();
    assertThat(inotify.await(LONG)).isEqualTo(ChangeWatch.WOKEN);
    assertThat(inotify.await(0)).isZero();
  }

  @Test
  void wakesFromManyThreadsAreNeverLost() throws InterruptedException {
    int rounds = 2_000;
    for (ChangeWatch watch : new ChangeWatch[] {inotify, new Polling()}) {
      Thread[] wakers = new Thread[2];
      int[] asked = new int[wakers.length];
      Object lock = new Object();
      for (int i = 0; i < wakers.length; i++) {
        int id = i;
        wakers[i] =
            new Thread(
                () -> {
                  for (int round = 1; round <= rounds; round++) {
                    synchronized (lock) {
                      asked[id] = round;
                    }
                    watch.wake();
                  }
                });
        wakers[i].start();
      }
      // The sleeper looks after each wake-up; were one lost, it would sleep on for 30 s.
      long begin = System.nanoTime();
      boolean done = false;
      while (!done) {
        watch.await(LONG);
        synchronized (lock) {
          done = asked[0] == rounds && asked[1] == rounds;
        }
      }
      assertThat(System.nanoTime() - begin).isLessThan(LONG);
      for (Thread waker : wakers) {
        waker.join();
      }
    }
  }

  @Test
  void wakeAfterCloseWritesNowhere() {
    inotify.close();
    inotify.wake();
    inotify.close();
  }

  @Test
  void missingDirectoryAndPlainFileAreNotWatched() throws IOException {
    assertThat(inotify.watch(directory.resolve("missing"))).isFalse();
    assertThat(inotify.watch(Files.createFile(directory.resolve("app.log")))).isFalse();
    assertThat(notices).isEmpty();
  }

  @Test
  void systemTellsWhyADirectoryIsNotWatched() {
    Libc libc = Objects.requireNonNull(Libc.open());
    int events = libc.inotifyInit(0);
    int modified = 0x2;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment present = arena.allocateFrom(directory.toString());
      MemorySegment missing = arena.allocateFrom(directory.resolve("missing").toString());
      assertThat(libc.inotifyAddWatchError(events, missing, modified)).as("ENOENT").isEqualTo(2);
      assertThat(libc.inotifyAddWatchError(events, present, modified)).isZero();
    } finally {
      libc.close(events);
    }
  }

  @Test
  void watchesUsedUpAreToldOnceWithTheNameOfTheLimit() {
    WatchLimit limit = new WatchLimit(notices::add);
    limit.failed(directory, 13); // EACCES
    assertThat(notices).isEmpty();
    limit.failed(directory, WatchLimit.ENOSPC);
    limit.failed(directory, WatchLimit.ENOSPC);
    assertThat(notices)
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains(directory.toString(), "fs.inotify.max_user_watches");
  }

  @Test
  void pollingTellsTheCallerToLookForItself() {
    try (Polling polling = new Polling()) {
      assertThat(polling.watch(directory)).isFalse();
      assertThat(polling.await(0)).isEqualTo(ChangeWatch.MODIFIED);
      polling.wake();
      assertThat(polling.await(LONG)).isEqualTo(ChangeWatch.WOKEN | ChangeWatch.MODIFIED);
    }
  }

  private int drain() {
    int seen = 0;
    for (int told = inotify.await(0); told != 0; told = inotify.await(0)) {
      seen |= told;
    }
    return seen;
  }
}

package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.FileSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// An application that writes, rotates and deletes as it likes, a tailer that is stopped and killed
/// at any moment, and confirmations in any order: each line comes once, and those of a generation
/// in order.
///
/// What the file system adds to a history besides its seed (which inodes it uses again, and its clock's
/// ticks) is told by a failure; half of the seeds have a clock of their own that seldom moves.
class TailModelTest {
  private static final int STEPS = 60;

  @Property(tries = 60)
  void linesComeOnceWhenTheIncludeMatchesTheLogAlone(@ForAll long seed) {
    run(seed, "app.log", false);
  }

  @Property(tries = 60)
  void linesComeOnceWhenTheIncludeMatchesRotatedNamesToo(@ForAll long seed) {
    run(seed, "*", false);
  }

  @Property(tries = 40)
  void recordsOfSeveralLinesComeOnce(@ForAll long seed) {
    run(seed, "app*", true);
  }

  static void run(long seed, String include, boolean multiline) {
    Path directory = temporaryDirectory();
    FileSource settings = TailRig.settings(directory, include);
    try (TailRig rig = new TailRig(directory, multiline ? TailRig.multiline(settings) : settings)) {
      new Application(new Random(seed), rig, multiline, include.equals("app.log")).run();
    } finally {
      delete(directory);
    }
  }

  private static Path temporaryDirectory() {
    try {
      return Files.createTempDirectory("pannier-tail");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Application {
    private final Random random;
    private final TailRig rig;
    private final LogDirectory log;
    private final boolean multiline;

    /// No source takes the names to which the log is rotated.
    private final boolean narrow;

    private final List<String> written = new ArrayList<>();
    private final List<String> done = new ArrayList<>();
    private final boolean slowClock;
    private long fileMillis = 1_790_000_000_000L;
    private String partial = "";
    private int next;

    /// Something was written since the tailer looked last, so its inode may be unknown to it.
    private boolean unseen;

    /// The tailer has looked since it was started, and so holds the log open.
    private boolean open;

    /// The tailer has stored a generation of the log.
    private boolean known;

    /// Something was deleted that the tailer may still hold open.
    private boolean held;

    Application(Random random, TailRig rig, boolean multiline, boolean narrow) {
      this.narrow = narrow;
      this.random = random;
      this.rig = rig;
      this.multiline = multiline;
      slowClock = random.nextBoolean();
      log = new LogDirectory(rig.logs, "app.log");
    }

    void run() {
      rig.start();
      for (int step = 0; step < STEPS; step++) {
        act();
        tick();
      }
      completePartial();
      if (!rig.isRunning()) {
        rig.start();
      }
      rig.settle();
      rig.stop();
      rig.start();
      rig.settle();
      assertThat(rig.lostBytes()).as("lost: %s, %s", rig.notices, done).isZero();
      List<String> bodies = rig.bodies();
      Set<String> distinct = new HashSet<>(bodies);
      List<String> twice = new ArrayList<>(bodies);
      distinct.forEach(twice::remove);
      assertThat(twice).as("twice: %s", done).isEmpty();
      List<String> missing = new ArrayList<>(written);
      missing.removeAll(bodies);
      assertThat(missing).as("missing: %s", done).isEmpty();
      assertThat(bodies).hasSameSizeAs(written);
      assertThat(rig.heldBytes()).isZero();
      rig.offsets.forEach(
          (generation, offsets) -> assertThat(offsets).as("order in %s", generation).isSorted());
    }

    /// The time of the log's last change, to a tick.
    private void tick() {
      if (random.nextInt(4) == 0) {
        fileMillis += 4;
      }
      if (slowClock && log.exists()) {
        log.modifiedAt(fileMillis);
      }
      say(log.state());
    }

    private void act() {
      int action = random.nextInt(100);
      if (action < 35) {
        write();
      } else if (action < 55) {
        if (rig.isRunning()) {
          say("step");
          look();
        }
      } else if (action < 62) {
        if (rig.isRunning()) {
          say("confirm");
          rig.acknowledgeSome(random);
        }
      } else if (action < 68) {
        say("pass");
        int millis = random.nextInt(3_000);
        rig.pass(Duration.ofMillis(millis));
        // Its ticks may be long, but what is written seconds later does not bear the same time.
        fileMillis += millis;
      } else if (action < 71) {
        rig.capacity = 1 + random.nextInt(4) * random.nextInt(8);
        say("capacity " + rig.capacity);
      } else if (action < 80) {
        restart();
      } else if (log.exists()) {
        rotate();
      }
    }

    private void look() {
      rig.step();
      unseen = log.isEmpty();
      known |= log.exists();
      open = true;
    }

    private void restart() {
      if (!rig.isRunning()) {
        say("start");
        rig.start();
        if (random.nextBoolean()) {
          look();
        }
      } else if (random.nextBoolean()) {
        if (held) {
          // A deleted file is gone with the process that holds it open.
          say("settle");
          rig.settle();
          held = false;
        }
        say("kill");
        rig.kill();
        open = false;
      } else {
        completePartial();
        say("stop");
        rig.capacity = 64;
        rig.stop();
        unseen = log.isEmpty();
        held = false;
        open = false;
      }
    }

    private void rotate() {
      completePartial();
      if (unseen && known && narrow && !log.isEmpty() && !rig.isRunning()) {
        say("rename unseen");
        log.rename();
        unseen = false;
        return;
      }
      if (unseen) {
        // Nobody can know a copy of what was never looked at, nor read what is deleted by then.
        if (!rig.isRunning()) {
          rig.start();
        }
        say("look, rename");
        look();
        log.rename();
        unseen = false;
        return;
      }
      // What is deleted while nobody holds it open is gone.
      int kind = random.nextInt(open ? 6 : 4);
      say("rotate " + kind);
      switch (kind) {
        case 0 -> log.rename();
        case 1 -> log.renameAndGzip();
        case 2 -> log.copyAndTruncate();
        case 3 -> log.gzip(log.copyAndTruncate());
        case 4 -> log.delete();
        case 5 -> {
          log.delete();
          write();
        }
        default -> throw new AssertionError(kind);
      }
      unseen |= log.exists();
      held |= kind >= 4;
    }

    private void write() {
      completePartial();
      unseen |= !log.exists();
      int count = 1 + random.nextInt(6);
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < count; i++) {
        String line = line();
        written.add(line);
        text.append(line).append('\n');
      }
      int now = text.length();
      if (!multiline && random.nextInt(3) == 0) {
        now -= random.nextInt(5);
      }
      say("write " + text.length() + " of them now " + now);
      partial = text.substring(now);
      log.write(text.substring(0, now));
    }

    private void completePartial() {
      if (!partial.isEmpty()) {
        log.write(partial);
        partial = "";
      }
    }

    private String line() {
      // The first bytes differ already: fewer of them could not tell two files apart.
      String line = String.format("%04d is written", next++);
      if (random.nextInt(20) == 0) {
        line += " " + "y".repeat(random.nextInt(20_000));
      }
      if (multiline && random.nextInt(3) == 0) {
        line += "\n\tat Frame" + random.nextInt(10);
      }
      return line;
    }

    private void say(String what) {
      done.add(what);
    }
  }
}

package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.config.FileSource;
import dev.pannier.parsers.ParserSpec;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One history of a sidecar, its applications, its disk and its destinations, all of it decided by one
/// seed. In the end everything works again, and each line and each acknowledged request has to have
/// arrived everywhere, or to be accounted for.
final class World {
  /// What of the path is simulated.
  enum Mode {
    /// Memory buffer, at least once.
    MEMORY,
    /// Disk buffer, at least once.
    DISK,
    /// Memory buffer, exactly once to one of two destinations.
    ONCE,
    /// Disk buffer, exactly once to one of two destinations.
    ONCE_DISK;

    boolean hasDisk() {
      return this == DISK || this == ONCE_DISK;
    }

    boolean isOnce() {
      return this == ONCE || this == ONCE_DISK;
    }
  }

  private static final long EPOCH_SECONDS = 1_800_000_000L;
  private static final int QUIET_ROUNDS = 12;
  private static final int MOST_ROUNDS = 20_000;

  private final Mode mode;
  private final SplittableRandom random;
  private final Truth truth = new Truth();
  private final SimulatedDisk disk;
  private final SimulatedFileSystem files;
  private final FileSource settings;

  /// Whether the machine may die, too, which loses what was not synced.
  private final boolean diskFails;

  /// Whether the disk may be full. Not for the log of what is shipped exactly once: what is held in
  /// memory meanwhile may come again after a crash. What the log of the disk buffer never had is read
  /// again behind what it has, so those histories of it have no order.
  private final boolean fills;

  /// Whether syncs of the disk may fail. What the disk buffer then does not know to be on disk is shipped from there, and may come
  /// again after a crash, exactly once or not, and behind what is behind it.
  private final boolean syncsFail;

  /// Whether the sidecar has ended while it could not store positions: it may tell as lost what it
  /// does not know that it shipped.
  private boolean forgot;

  private final List<Application> applications = new ArrayList<>();
  private final List<Destination> destinations = new ArrayList<>();
  private final @Nullable List<String> story;
  private @Nullable SimulatedSidecar sidecar;
  private long nowNanos = TimeUnit.HOURS.toNanos(1);
  private long skewMillis;
  private final int maxInFlight;
  private final long memoryBytes;

  /// So many calls a destination answers one after the other. Where it is one, shippers are behind what is read; else
  /// they mostly are at its end, and have shipped what no sync has covered yet.
  private final int answersAtOnce;

  /// Of the disk buffer: small enough to fill up, with hardly a sync in a segment, or large, with many.
  private final long logBytes;

  int steps;
  int crashes;
  int stops;
  int rotations;
  private int step;

  /// @param story takes what happens, for people; null where nobody wants to know
  World(long seed, Mode mode, @Nullable List<String> story) {
    this.mode = mode;
    this.story = story;
    random = new SplittableRandom(seed);
    disk = new SimulatedDisk(random.split());
    files = new SimulatedFileSystem(disk);
    boolean multiline = random.nextInt(4) == 0;
    String include = random.nextBoolean() ? "/logs/*.log" : "/logs/*";
    settings = settings(include, multiline);
    memoryBytes = (1L + random.nextInt(3)) << 20;
    maxInFlight = 1 + random.nextInt(6);
    answersAtOnce = random.nextBoolean() ? 1 : 8;
    logBytes = (random.nextBoolean() ? 1L : 16L) << 20;
    diskFails = !mode.hasDisk() || random.nextBoolean();
    fills = diskFails && mode != Mode.ONCE_DISK && (mode != Mode.DISK || random.nextBoolean());
    syncsFail = mode.hasDisk() && diskFails && random.nextBoolean();
    disk.syncsFail = syncsFail ? 20 : 0;
    boolean ordered = !mode.hasDisk() || !(fills || syncsFail);
    tick();
    try {
      disk.makeFolder(files.getPath("/logs"), false);
      disk.makeFolder(files.getPath("/var"), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int count = 1 + random.nextInt(2);
    for (int i = 0; i < count; i++) {
      String name = i == 0 ? "app.log" : "web.log";
      applications.add(new Application(random, truth, files.getPath("/logs"), name, multiline));
    }
    destinations.add(
        mode.isOnce()
            ? new SimulatedCluster(
                "one",
                ordered,
                !syncsFail,
                truth,
                disk,
                files.getPath("/var/state"),
                random.split(),
                this::say)
            : new SimulatedDestination(
                "one", random.nextBoolean(), ordered, truth, random.split(), this::say));
    destinations.add(
        new SimulatedDestination(
            "two", random.nextBoolean(), ordered, truth, random.split(), this::say));
    disk.onVanished = this::vanished;
  }

  private static FileSource settings(String include, boolean multiline) {
    return new FileSource(
        "app",
        List.of(include),
        List.of(),
        new ParserSpec.Raw(),
        multiline ? new FileSource.Multiline.Auto() : new FileSource.Multiline.None(),
        Duration.ofMillis(100),
        FileSource.StartAt.BEGINNING,
        UTF_8,
        ZoneOffset.UTC,
        1 << 20,
        FileSource.OnOversize.SPLIT);
  }

  /// @throws AssertionError where a promise was broken
  void run(int stepCount) {
    steps = stepCount;
    start();
    for (step = 0; step < stepCount; step++) {
      act();
    }
    settle();
    check();
    long repeats = repeats();
    stop();
    start();
    settle();
    check();
    if (repeats() > repeats) {
      throw new AssertionError("a restart in peace repeats " + (repeats() - repeats) + " lines");
    }
  }

  private long repeats() {
    return destinations.stream().mapToLong(Destination::repeats).sum();
  }

  private void act() {
    nowNanos += random.nextInt(40_000_000);
    tick();
    int action = random.nextInt(10_000);
    SimulatedSidecar now = sidecar;
    if (now == null) {
      if (action < 400) {
        start();
        return;
      }
    } else if (action < 4_000) {
      boolean look = random.nextInt(12) == 0;
      live(() -> tail(now, look));
      return;
    } else if (action < 6_000) {
      live(() -> now.dispatch(random.nextInt(destinations.size()), nowNanos));
      return;
    } else if (action < 6_200) {
      live(() -> request(now));
      return;
    } else if (action < 6_300) {
      if (mode.hasDisk()) {
        live(() -> now.tend(nowNanos));
      }
      return;
    } else if (action < 6_305) {
      say(() -> "will die");
      disk.dieAfter(1 + random.nextInt(random.nextBoolean() ? 10 : 300));
      return;
    } else if (action < 6_307) {
      stop();
      return;
    }
    if (action < 8_000) {
      Destination one = destinations.get(random.nextInt(destinations.size()));
      for (int i = 0; i < answersAtOnce && one.answer(); i++) {}
    } else if (action < 9_700) {
      application().write();
    } else if (action < 9_800) {
      say(() -> "pass");
      nowNanos += random.nextLong(3_000_000_000L);
    } else if (action < 9_820) {
      Destination one = destinations.get(random.nextInt(destinations.size()));
      one.changeMood();
    } else if (action < 9_824) {
      skewMillis = random.nextInt(-3_600_000, 3_600_000);
      say(() -> "clock " + skewMillis);
    } else if (action < 9_828 && fills) {
      disk.full = !disk.full;
      say(() -> "full " + disk.full);
    } else if (action < 9_835) {
      rotate(application());
    }
  }

  private Application application() {
    return applications.get(random.nextInt(applications.size()));
  }

  private void tick() {
    disk.clock(wall().toEpochMilli());
  }

  private Instant wall() {
    return Instant.ofEpochSecond(EPOCH_SECONDS).plusNanos(nowNanos).plusMillis(skewMillis);
  }

  private void rotate(Application application) {
    if (!application.exists()) {
      return;
    }
    if (application.isUnseen()) {
      SimulatedSidecar now = sidecar;
      if (now != null) {
        live(() -> tail(now, true));
      }
      if (sidecar != null && sidecar == now && !application.isUnseen()) {
        say(() -> "look, rename");
        application.renameSeen();
        rotations++;
      }
      return;
    }
    rotations++;
    keepsContent = true;
    String how = application.rotate();
    keepsContent = false;
    say(() -> how);
  }

  private void tail(SimulatedSidecar now, boolean look) {
    now.tail(nowNanos, look);
    if (now.takeLooked()) {
      applications.forEach(Application::looked);
    }
  }

  private void request(SimulatedSidecar now) {
    int number = truth.requests++;
    now.receive(request("r" + Truth.digits(number)), () -> acknowledged(number));
  }

  private static byte[] request(String body) {
    LogRecord one =
        LogRecord.newBuilder().setBody(AnyValue.newBuilder().setStringValue(body)).build();
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(
            ResourceLogs.newBuilder().addScopeLogs(ScopeLogs.newBuilder().addLogRecords(one)))
        .build()
        .toByteArray();
  }

  /// What is told to a client is true at that moment already.
  private void acknowledged(int request) {
    truth.acknowledged.set(request);
    if (mode.hasDisk()) {
      // It is durable; that it arrives is seen in the end.
      return;
    }
    for (Destination destination : destinations) {
      if (!destination.hasRequest(request)) {
        throw new AssertionError(
            "request " + request + " is acknowledged, and not at " + destination.name());
      }
    }
  }

  private void start() {
    say(() -> "start");
    live(
        () -> {
          try {
            sidecar =
                new SimulatedSidecar(
                    files,
                    settings,
                    destinations,
                    memoryBytes,
                    maxInFlight,
                    logBytes,
                    random.split(),
                    this::wall,
                    mode,
                    nowNanos,
                    notice -> say(() -> notice));
          } catch (IOException e) {
            // It ends with a line that says why, and is started again.
            say(e::toString);
            ended();
          }
        });
  }

  /// As on SIGTERM, with a destination that may not come back in time.
  private void stop() {
    SimulatedSidecar now = sidecar;
    if (now == null) {
      return;
    }
    stops++;
    say(() -> "stop");
    applications.forEach(Application::completePartial);
    live(
        () -> {
          now.finishHeld();
          int rounds = random.nextInt(4) == 0 ? random.nextInt(20) : 400;
          for (int i = 0; i == 0 || (i < rounds && !now.isDone()); i++) {
            round(now, i == 0);
          }
          // Who has deleted its log and leaves no time for it to be shipped has lost it.
          excusing = true;
          now.stop(nowNanos);
        });
    excusing = false;
    if (sidecar != null) {
      ended();
    }
  }

  private void round(SimulatedSidecar now, boolean look) {
    nowNanos += 20_000_000;
    tick();
    tail(now, look);
    now.tend(nowNanos);
    for (int i = 0; i < destinations.size(); i++) {
      now.dispatch(i, nowNanos);
      for (int answers = 0; answers < 4 && destinations.get(i).answer(); answers++) {
        now.dispatch(i, nowNanos);
      }
    }
  }

  /// Something that the sidecar does, in which it may die.
  private void live(Runnable work) {
    disk.enter();
    try {
      work.run();
    } catch (SimulatedDisk.Crash e) {
      crashes++;
      say(() -> "crash");
      ended();
      if (diskFails && random.nextBoolean()) {
        say(() -> "power lost");
        disk.losePower();
      }
    } finally {
      disk.leave();
    }
    SimulatedSidecar now = sidecar;
    if (now != null) {
      now.checkBounds();
    }
  }

  private void ended() {
    forgot |= disk.full || disk.syncsFail > 0;
    sidecar = null;
    disk.leave();
    keepsContent = false;
    excusing = true;
    destinations.forEach(Destination::cutOff);
    disk.processEnded();
    excusing = false;
    applications.forEach(Application::sidecarEnded);
  }

  private boolean excusing;

  /// What is deleted is there under another name.
  private boolean keepsContent;

  /// A log's last name and the last process that had it open are gone. What of it is not at every
  /// destination cannot be read any more; a sidecar that lives would not have let it go.
  private void vanished(SimulatedDisk.Node node) {
    if (!excusing || keepsContent) {
      return;
    }
    BitSet lines = Truth.linesIn(node.bytes, node.size);
    for (int line = lines.nextSetBit(0); line >= 0; line = lines.nextSetBit(line + 1)) {
      int one = line;
      if (!destinations.stream().allMatch(destination -> destination.has(one))) {
        truth.excused.set(line);
      }
    }
  }

  /// Everything heals, and time passes until nothing happens any more.
  private void settle() {
    say(() -> "settle");
    destinations.forEach(Destination::heal);
    disk.full = false;
    disk.syncsFail = 0;
    disk.spare();
    applications.forEach(Application::completePartial);
    for (int quiet = 0, rounds = 0; quiet < QUIET_ROUNDS; rounds++) {
      if (rounds > MOST_ROUNDS) {
        throw new AssertionError("it never comes to rest");
      }
      SimulatedSidecar now = sidecar;
      if (now == null) {
        start();
        continue;
      }
      int before = now.work();
      live(() -> round(now, true));
      if (now.work() == before) {
        quiet += now.holdsNothing() ? 1 : 0;
        nowNanos += TimeUnit.SECONDS.toNanos(1);
      } else {
        quiet = 0;
      }
    }
  }

  private void check() {
    for (Destination destination : destinations) {
      for (int line = 0; line < truth.lines(); line++) {
        if (!destination.has(line) && !truth.excused.get(line)) {
          throw new AssertionError(
              "line %d (%s) is not at %s".formatted(line, truth.uid(line), destination.name()));
        }
      }
      BitSet requests = truth.acknowledged;
      for (int r = requests.nextSetBit(0); r >= 0; r = requests.nextSetBit(r + 1)) {
        if (!destination.hasRequest(r)) {
          throw new AssertionError("request " + r + " is not at " + destination.name());
        }
      }
    }
    SimulatedSidecar now = sidecar;
    if (now == null) {
      throw new AssertionError("not running");
    }
    now.checkIdle(truth.excused.isEmpty() && !forgot);
  }

  private void say(Supplier<String> what) {
    if (story != null) {
      story.add(step + ": " + what.get());
    }
  }
}

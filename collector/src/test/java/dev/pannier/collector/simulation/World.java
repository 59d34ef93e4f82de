package dev.pannier.collector.simulation;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.disk.SegmentBatches;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.tail.SimulatedTail;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
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
  private static final int MOST_MEANWHILE = 4;

  /// After one slow sync of so many the process dies before the next.
  private static final int DEATHS_MEANWHILE = 64;

  /// In one of so many steps somebody makes room for dead letters.
  private static final int MOVES_AWAY = 1_000;

  /// The tail looks by itself once a second; it is told of what changes besides.
  private static final int LOOK_ROUNDS = 8;

  private final Mode mode;
  private final SplittableRandom random;
  private final Parts parts;
  private final Truth truth;
  private final Clients clients;

  /// What the second destination refuses for good; null where that is gone.
  private final @Nullable Letters letters;

  /// Decides what happens of the parts.
  private final SplittableRandom ofParts;

  private final SimulatedDisk disk;
  private final SimulatedFileSystem files;
  private final Operator operator;

  /// Whether the machine may die, too, which loses what was not synced.
  private final boolean diskFails;

  /// Whether the disk may be full. What the log of the disk buffer never had is read again behind what it has, so those histories of
  /// it have no order, unless something is shipped exactly once.
  private final boolean fills;

  /// Whether syncs of the disk may fail. What the disk buffer then does not know to be on disk is shipped from there, and may come
  /// again after a crash, exactly once or not, and behind what is behind it.
  private final boolean syncsFail;

  /// Whether the sidecar has ended while it could not store positions: it may tell as lost what it
  /// does not know that it shipped.
  private boolean forgot;

  /// What came before has not to arrive at a destination that was not there then.
  private record Since(int line, int request) {}

  private final List<Application> applications = new ArrayList<>();

  /// Those that everything has to reach.
  private final List<Destination> destinations = new ArrayList<>();

  /// A fallback besides.
  private final List<Destination> peers = new ArrayList<>();

  /// Since when each destination has had a shipper; it has none now where it has no entry.
  private final Map<String, Since> awaited = new HashMap<>();

  /// By destination, what processes that are gone have told as dropped.
  private final Map<String, Long> droppedBefore = new HashMap<>();

  /// What the process that lives, or the last one, goes by.
  private List<FileSource> sources = List.of();

  private final @Nullable List<String> story;
  private @Nullable SimulatedSidecar sidecar;
  private long nowNanos = TimeUnit.HOURS.toNanos(1);
  private long skewMillis;

  /// Whether its configuration changes.
  private final boolean reloading;

  /// So many calls a destination answers one after the other, and so often a shipper goes on with what was answered. Where it is one,
  /// shippers are behind what is read; else they mostly are at its end, and have shipped what no sync has covered yet.
  private final int answersAtOnce;

  /// Whether the disk buffer's thread comes round when it is due, and then syncs and stores the shippers' places at different times; else
  /// it is late, as on a machine that is busy.
  private final boolean tendsInTime;

  /// Whether syncs of the disk buffer's thread take time, in which the other threads go on.
  private final boolean syncsAreSlow;

  /// In which calls to storage processes died.
  List<String> deaths() {
    return disk.deaths;
  }

  int steps;
  int crashes;
  int stops;
  int rotations;

  /// Those of files that no sidecar has seen by the log's name.
  int unseenRotations;

  /// The latest time at which a sidecar looked at names.
  private long lookedSeconds;

  int deletedFiles;
  int reloads;
  private int step;

  /// Lines that were too long, where those are not split.
  int oversized() {
    return truth.oversized;
  }

  /// Records that were dropped, at whatever destination most.
  int dropped() {
    return (int) destinations.stream().mapToLong(this::dropped).max().orElse(0);
  }

  /// Lines at the fallback.
  int fellBack() {
    return peers.getLast() instanceof SimulatedDestination last ? last.asFallback() : 0;
  }

  int deadLetters() {
    return letters == null ? 0 : letters.lines();
  }

  int sentAgain() {
    return clients.again;
  }

  /// @param story takes what happens, for people; null where nobody wants to know
  World(long seed, Mode mode, @Nullable List<String> story) {
    this.mode = mode;
    this.story = story;
    random = new SplittableRandom(seed);
    // Theirs alone, so that they change nothing of a history without them.
    ofParts = new SplittableRandom(~seed);
    parts = Parts.draw(ofParts, mode);
    truth = new Truth(Parts.onOversize(seed));
    clients =
        new Clients(
            truth,
            ofParts.split(),
            parts.sendsAgain(),
            parts.delivered() ? Acknowledgement.When.DELIVERED : Acknowledgement.When.DURABLE,
            this::answered);
    disk = new SimulatedDisk(random.split());
    files = new SimulatedFileSystem(disk);
    answersAtOnce = random.nextBoolean() ? 1 : 8;
    tendsInTime = answersAtOnce > 1 || random.nextBoolean();
    syncsAreSlow = mode.hasDisk() && answersAtOnce > 1 && random.nextInt(4) > 0;
    reloading = random.nextBoolean();
    int count = 1 + random.nextInt(2);
    // A third of it is the clients'.
    long memoryBytes = (1L + random.nextInt(3)) * (3L << 19);
    SimulatedPath state = files.getPath("/var/state");
    letters =
        parts.letters()
            ? new Letters(disk, files.getPath("/var/letters/two"), truth, parts.buries())
            : null;
    operator =
        new Operator(
            random.split(),
            mode,
            state,
            memoryBytes,
            count > 1,
            parts,
            ofParts.split(),
            truth.onOversize(),
            letters);
    diskFails = !mode.hasDisk() || random.nextBoolean();
    fills = diskFails && (!mode.hasDisk() || random.nextBoolean());
    syncsFail = mode.hasDisk() && diskFails && random.nextBoolean();
    disk.syncsFail = syncsFail ? 20 : 0;
    // What was dropped behind what a failing machine loses may be read again with that.
    boolean ordered =
        !mode.hasDisk()
            || !((fills && !mode.isOnce()) || syncsFail || (parts.drops() && diskFails));
    tick();
    try {
      disk.makeFolder(files.getPath("/logs"), false);
      disk.makeFolder(files.getPath("/var"), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (int i = 0; i < count; i++) {
      String name = i == 0 ? "app.log" : "web.log";
      applications.add(
          new Application(random, truth, files.getPath("/logs"), name, operator.isMultiline()));
    }
    @Nullable RandomGenerator ofTopics =
        Parts.lacksTopics(seed) && mode != Mode.MEMORY
            ? new SplittableRandom(Long.reverse(seed))
            : null;
    boolean calm = answersAtOnce > 1 && random.nextInt(4) > 0;
    destinations.add(
        mode.isOnce()
            ? new SimulatedCluster(
                "one", ordered, !syncsFail, truth, disk, state, random.split(), ofTopics, this::say)
            : new SimulatedDestination(
                "one", ordered, calm, truth, random.split(), null, ofTopics, this::say));
    SimulatedDestination two =
        new SimulatedDestination(
            "two", ordered, calm, truth, random.split(), letters, null, this::say);
    destinations.add(two);
    peers.addAll(destinations);
    if (parts.fallsBack()) {
      SimulatedDestination three =
          new SimulatedDestination(
              Operator.FALLBACK, ordered, calm, truth, ofParts.split(), null, null, this::say);
      two.fallback(three);
      peers.add(three);
    }
    destinations.forEach(destination -> awaited.put(destination.name(), new Since(0, 0)));
    disk.onVanished = this::vanished;
    disk.onDelete = this::deletes;
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
    say(() -> disk.calls + " calls, " + nowNanos + " ns");
  }

  private long repeats() {
    return peers.stream().mapToLong(Destination::repeats).sum();
  }

  private void act() {
    nowNanos += random.nextInt(40_000_000);
    tick();
    if (letters != null && ofParts.nextInt(MOVES_AWAY) == 0) {
      moveLettersAway(letters);
    }
    tend();
    int action = random.nextInt(10_000);
    SimulatedSidecar now = sidecar;
    if (now == null) {
      if (action < 400) {
        start();
        return;
      }
      if (action < 440) {
        rotateWhileNobodyLooks(application());
        return;
      }
    } else if (action < 4_000) {
      boolean look = random.nextInt(12) == 0;
      live(() -> tail(now, look));
      return;
    } else if (action < 6_000) {
      live(() -> dispatch(now));
      return;
    } else if (action < 6_200) {
      live(() -> clients.send(now));
      return;
    } else if (action < 6_300) {
      live(
          () -> {
            tend(now);
            tendShippers(now);
          });
      return;
    } else if (action < 6_306) {
      say(() -> "will die");
      if (random.nextBoolean()) {
        disk.dieAfter(1 + random.nextInt(random.nextBoolean() ? 10 : 300));
      } else {
        // Before the next sync.
        disk.dieAfterReplacing(1 + random.nextInt(20));
      }
      return;
    } else if (action < 6_308) {
      stop();
      return;
    }
    if (action < 8_000) {
      answer(peers.get(random.nextInt(peers.size())));
    } else if (action < 9_700) {
      application().write();
    } else if (action < 9_800) {
      say(() -> "pass");
      // What it has begun with one call it does not end seconds later.
      applications.forEach(Application::completeRotated);
      nowNanos += random.nextLong(3_000_000_000L);
    } else if (action < 9_820) {
      Destination one = peers.get(random.nextInt(peers.size()));
      one.changeMood();
    } else if (action < 9_824) {
      skewMillis = random.nextInt(-3_600_000, 3_600_000);
      say(() -> "clock " + skewMillis);
    } else if (action < 9_828 && fills) {
      disk.full = !disk.full;
      say(() -> "full " + disk.full);
    } else if (action < 9_835) {
      rotate(application());
    } else if (action < 9_841 && reloading) {
      String what = operator.change();
      say(() -> "configuration: " + what);
    }
  }

  private void moveLettersAway(Letters from) {
    if (from.moveAway()) {
      say(() -> "letters moved away");
    }
  }

  private void tend() {
    SimulatedSidecar now = sidecar;
    if (now != null && tendsInTime && now.isTendDue(nowNanos) && random.nextBoolean()) {
      live(() -> tend(now));
    }
  }

  private void tend(SimulatedSidecar now) {
    if (syncsAreSlow && now.syncsAlone() && random.nextBoolean()) {
      Runnable meanwhile =
          () -> {
            disk.onSync = () -> {};
            disk.onSynced = () -> {};
            // Else the one before has failed, and this one holds the lock of all appends.
            if (now.syncsAlone()) {
              disk.syncing = true;
              goOn(now);
              disk.syncing = false;
            }
          };
      if (random.nextBoolean()) {
        disk.onSync = meanwhile;
      } else {
        disk.onSynced = meanwhile;
      }
    }
    now.tend(nowNanos);
    disk.onSync = () -> {};
    disk.onSynced = () -> {};
  }

  /// What the other threads do while the disk buffer's waits for a sync. What is shipped meanwhile is stored as passed when it is over,
  /// and was not covered.
  private void goOn(SimulatedSidecar now) {
    for (int i = random.nextInt(MOST_MEANWHILE); i >= 0; i--) {
      nowNanos += random.nextInt(20_000_000);
      tick();
      if (random.nextBoolean()) {
        disk.leave();
        application().write();
        disk.enter();
      }
      if (random.nextInt(4) == 0) {
        clients.send(now);
      }
      tail(now, random.nextBoolean());
      if (random.nextInt(4) > 0) {
        for (int turn = 0; turn < answersAtOnce && (turn == 0 || answerAll()); turn++) {
          dispatchAll(now);
        }
      }
    }
    if (random.nextInt(DEATHS_MEANWHILE) == 0) {
      disk.dieAfterReplacing(1 + random.nextInt(20));
    }
  }

  /// As the main thread does about once a second.
  private void tendShippers(SimulatedSidecar now) {
    now.tendShippers(nowNanos);
    Configuration wanted = operator.configuration();
    if (!wanted.equals(now.configuration())
        && now.reload(wanted, nowNanos, () -> switched(wanted))) {
      reloads++;
      say(() -> "reload");
    }
  }

  /// From now on lines and requests go to other destinations.
  private void switched(Configuration to) {
    say(() -> "switched");
    Set<String> now = new HashSet<>();
    to.shippers().forEach(shipper -> now.add(Operator.destination(shipper.name())));
    awaited.keySet().retainAll(now);
    for (Destination destination : destinations) {
      String name = destination.name();
      if (now.contains(name) && !awaited.containsKey(name)) {
        awaited.put(name, new Since(truth.lines(), truth.requests()));
        destination.since(truth.lines());
      }
    }
    sources = to.files();
  }

  private void dispatch(SimulatedSidecar now) {
    if (now.shippers() == 0) {
      return;
    }
    int shipper = random.nextInt(now.shippers());
    now.dispatch(shipper);
    for (int i = 1; i < answersAtOnce && answerAll() && shipper < now.shippers(); i++) {
      now.dispatch(shipper);
    }
  }

  private boolean answerAll() {
    boolean any = false;
    for (Destination destination : peers) {
      any |= answer(destination);
    }
    return any;
  }

  /// @return whether there was something to answer
  private boolean answer(Destination destination) {
    int answers = 0;
    while (answers < answersAtOnce && destination.answer()) {
      answers++;
    }
    return answers > 0;
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
      if (now == null && !operator.isWide() && application.isUnseenPartOfAKnownLog()) {
        application.completePartial();
        if (wasWrittenSinceTheLastLook(application.file())) {
          say(() -> "rename unseen");
          application.renameSeen();
          rotations++;
          unseenRotations++;
        }
        return;
      }
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
    disk.rotating = true;
    String how = application.rotate();
    disk.rotating = false;
    say(() -> how);
  }

  private void rotateWhileNobodyLooks(Application application) {
    applications.forEach(Application::completeRotated);
    nowNanos += 3_000_000_000L;
    tick();
    rotate(application);
    application.write();
    rotate(application);
  }

  /// By clocks that may be a second apart.
  private boolean wasWrittenSinceTheLastLook(Path file) {
    try {
      return Files.getLastModifiedTime(file).to(TimeUnit.SECONDS) > lookedSeconds + 1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void tail(SimulatedSidecar now, boolean look) {
    lookedSeconds = Math.max(lookedSeconds, wall().getEpochSecond());
    now.tail(nowNanos, look);
    boolean looked = now.takeLooked();
    for (Application application : applications) {
      if (!now.takes(application.file())) {
        application.unwatched();
      } else if (looked) {
        application.looked();
      }
    }
  }

  /// What is told to a client is true at that moment already.
  private void answered(int request, long rejected) {
    if (parts.drops() && rejected > 0) {
      // That it is not everywhere is what it is told.
      return;
    }
    truth.acknowledged.set(request);
    if (mode.hasDisk() && !parts.delivered()) {
      // It is durable; that it arrives is seen in the end.
      return;
    }
    for (Destination destination : destinations) {
      Since since = awaited.get(destination.name());
      if (since != null && request >= since.request() && !destination.hasRequest(request)) {
        throw new AssertionError(
            "request " + request + " is acknowledged, and not at " + destination.name());
      }
    }
  }

  private void start() {
    say(() -> "start");
    wentWithProcess.clear();
    live(
        () -> {
          try {
            Configuration wanted = operator.configuration();
            sidecar =
                new SimulatedSidecar(
                    files,
                    wanted,
                    this::open,
                    random.split(),
                    this::wall,
                    () -> nowNanos,
                    this::givenUp,
                    notice -> say(() -> notice));
            SimulatedSidecar begun = sidecar;
            for (Gone each : gone) {
              if (each.knownTo < 0) {
                each.knownTo = begun.sizeAtStart(each.generation);
              }
            }
            switched(wanted);
          } catch (IOException e) {
            // It ends with a line that says why, and is started again.
            say(e::toString);
            ended();
          }
        });
  }

  private Shipper open(ShipperSettings settings) {
    String name = Operator.destination(settings.name());
    for (Destination destination : peers) {
      if (destination.name().equals(name)) {
        return destination.open(settings);
      }
    }
    throw new IllegalArgumentException(name);
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
          now.hurry(nowNanos);
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
    now.tendShippers(nowNanos);
    dispatchAll(now);
    for (int answers = 0; answers < 4; answers++) {
      boolean any = false;
      for (Destination destination : peers) {
        any |= destination.answer();
      }
      if (!any) {
        return;
      }
      dispatchAll(now);
    }
  }

  private static void dispatchAll(SimulatedSidecar now) {
    for (int i = 0; i < now.shippers(); i++) {
      now.dispatch(i);
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
        if (letters != null) {
          letters.forget();
          // A dead letter that no sync had covered went, too.
          List.copyOf(wentWithProcess).forEach(this::excuse);
        }
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
    SimulatedSidecar last = sidecar;
    if (last != null) {
      take(last);
      takeDropped(last);
    }
    disk.leave();
    excusing = true;
    peers.forEach(Destination::cutOff);
    clients.cutOff();
    disk.processEnded();
    excusing = false;
    sidecar = null;
    applications.forEach(Application::unwatched);
  }

  private void takeDropped(SimulatedSidecar last) {
    // It may have died behind the deletion and before it could tell.
    boolean inDeletion =
        disk.isDead() && !disk.deaths.isEmpty() && disk.deaths.getLast().startsWith("delete N");
    for (Destination destination : destinations) {
      String name = destination.name();
      long told = last.dropped(name);
      if (inDeletion) {
        told += last.inFlight(name);
      } else if (operator.dropsRequests()) {
        // Where the segment of that was dropped.
        told += last.taken(name);
      }
      droppedBefore.merge(name, told, Long::sum);
      long all = told;
      say(() -> name + ": " + all + " records are told as dropped, or went with the process");
    }
  }

  private boolean excusing;

  /// What went with a log's last name and the last process that had it open, and had not arrived everywhere.
  private static final class Gone {
    final long generation;
    final long from;
    final long size;

    /// How much of it the next process knows of; -1 before there is one.
    long knownTo = -1;

    final byte[] bytes;
    final boolean isTold;
    final List<ByteRange> told = new ArrayList<>();

    Gone(long generation, byte[] bytes, long from, long size, boolean isTold) {
      this.bytes = bytes;
      this.generation = generation;
      this.from = from;
      this.size = size;
      this.isTold = isTold;
    }
  }

  private final List<Gone> gone = new ArrayList<>();

  /// What went with the process that lives, or with the last one.
  private final List<Gone> wentWithProcess = new ArrayList<>();

  /// By generation, what the log of the disk buffer had when its segment was deleted, or has not taken for want of room. Of that no more
  /// is missing than is told as dropped.
  private final Map<Long, List<ByteRange>> givenUp = new HashMap<>();

  /// The bytes of all that is gone, whether it had arrived or not: what was confirmed after the last stored position the next process
  /// does not know.
  private long mayBeLost;

  /// A log's last name and the last process that had it open are gone. What of it was not acknowledged cannot be read any
  /// more; a sidecar that lives would not have let it go. What was is at every destination, or in the log of the disk buffer.
  private void vanished(SimulatedDisk.Node node) {
    if (node.kept) {
      return;
    }
    mayBeLost += node.size;
    if (!(excusing || isLetGo(node))) {
      return;
    }
    SimulatedSidecar now = sidecar;
    SimulatedTail.Acknowledged known = now == null ? null : now.acknowledged(node);
    boolean isTold = known != null && !isLetGo(node);
    int from = known == null ? 0 : Math.toIntExact(known.position());
    // Nobody is told of what no source wants any more.
    Gone all =
        new Gone(known == null ? 0 : known.generation(), node.bytes, from, node.size, isTold);
    wentWithProcess.add(all);
    excuse(all);
  }

  /// What of it has not arrived by now never can.
  private void excuse(Gone all) {
    BitSet lines = Truth.linesIn(all.bytes, Math.toIntExact(all.from), Math.toIntExact(all.size));
    int before = truth.excused.cardinality();
    for (int line = lines.nextSetBit(0); line >= 0; line = lines.nextSetBit(line + 1)) {
      int one = line;
      if (!truth.isDropped(line)
          && !destinations.stream().allMatch(destination -> destination.has(one))) {
        truth.excused.set(line);
      }
    }
    if (truth.excused.cardinality() > before && all.isTold && !gone.contains(all)) {
      say(
          () ->
              "gone: generation %016x from %d to %d".formatted(all.generation, all.from, all.size));
      gone.add(all);
    }
  }

  private boolean isMissing(int line) {
    for (Destination destination : destinations) {
      Since since = awaited.get(destination.name());
      if (since != null
          && line >= since.line()
          && !truth.isDropped(line)
          && !destination.has(line)) {
        return true;
      }
    }
    return false;
  }

  /// What a process has told as lost goes with it.
  private void take(SimulatedSidecar last) {
    for (Gone each : gone) {
      each.told.addAll(last.lost(each.generation));
    }
  }

  /// What was known on the volume of what is gone was told, by the next process or one after it. What the log of the disk buffer
  /// had, or a destination whose answer was lost, is not gone.
  private void checkTold(SimulatedSidecar now) {
    take(now);
    for (Gone each : gone) {
      long to = Math.min(each.knownTo, each.size);
      if (to <= each.from) {
        continue;
      }
      each.told.addAll(givenUp.getOrDefault(each.generation, List.of()));
      each.told.sort(Comparator.comparingLong(ByteRange::from));
      ByteRange all = new ByteRange(each.from, to);
      for (ByteRange untold : ByteRange.without(all, List.copyOf(each.told))) {
        BitSet lines =
            Truth.linesIn(each.bytes, Math.toIntExact(untold.from()), Math.toIntExact(untold.to()));
        if (lines.stream().anyMatch(this::isMissing)) {
          throw new AssertionError(
              "bytes %s of generation %016x are gone, and nobody was told"
                  .formatted(untold, each.generation));
        }
      }
    }
    gone.clear();
  }

  /// Whether no source reads it any more, or soon none will, or none has just before.
  private boolean isLetGo(SimulatedDisk.Node node) {
    String name = String.valueOf(node.path.getFileName());
    String log = name.substring(0, name.indexOf('.'));
    return !Operator.tails(sources, log) || !Operator.tails(operator.configuration().files(), log);
  }

  /// Everything heals, and time passes until nothing happens any more.
  private void settle() {
    say(() -> "settle");
    peers.forEach(Destination::heal);
    disk.full = false;
    disk.syncsFail = 0;
    disk.spare();
    operator.complete();
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
      boolean look = rounds % LOOK_ROUNDS == 0;
      if (letters != null && look) {
        moveLettersAway(letters);
      }
      live(
          () -> {
            if (look) {
              clients.sendAll(now);
            }
            round(now, look);
            tendShippers(now);
          });
      if (now.work() == before) {
        quiet += now.holdsNothing() && clients.areAnswered() ? 1 : 0;
        nowNanos += TimeUnit.SECONDS.toNanos(1);
      } else {
        quiet = 0;
      }
      if (quiet == QUIET_ROUNDS && !now.configuration().equals(operator.configuration())) {
        // It was refused.
        stop();
        quiet = 0;
      }
    }
  }

  private void check() {
    for (Destination destination : destinations) {
      Since since = awaited.get(destination.name());
      if (since == null) {
        throw new AssertionError(destination.name() + " has no shipper");
      }
      long told = parts.drops() ? dropped(destination) : 0;
      long missing = 0;
      for (int line = since.line(); line < truth.lines(); line++) {
        if (!destination.has(line)
            && !truth.excused.get(line)
            && !truth.isDropped(line)
            && ++missing > told) {
          throw new AssertionError(
              "line %d (%s) is not at %s%s"
                  .formatted(line, truth.uid(line), destination.name(), tells(told)));
        }
      }
      BitSet requests = truth.acknowledged;
      for (int r = requests.nextSetBit(since.request()); r >= 0; r = requests.nextSetBit(r + 1)) {
        if (!destination.hasRequest(r) && !(operator.dropsRequests() && ++missing <= told)) {
          throw new AssertionError(
              "request " + r + " is not at " + destination.name() + tells(told));
        }
      }
    }
    SimulatedSidecar now = sidecar;
    if (now == null) {
      throw new AssertionError("not running");
    }
    now.checkIdle(truth.excused.isEmpty() && !forgot ? mayBeLost : Long.MAX_VALUE);
    checkTold(now);
  }

  private static String tells(long dropped) {
    return dropped == 0 ? "" : ", and " + dropped + " records are told as dropped";
  }

  /// What was told to have been given up for want of room, by this process and those before.
  private long dropped(Destination destination) {
    String name = destination.name();
    SimulatedSidecar now = sidecar;
    return droppedBefore.getOrDefault(name, 0L) + (now == null ? 0 : now.dropped(name));
  }

  /// A rotated file goes because every destination has confirmed every byte of it.
  private void deletes(SimulatedDisk.Node log) {
    if (log.mortal) {
      if (parts.drops() && String.valueOf(log.path).endsWith(".log")) {
        deletesSegment(log.path);
      }
      return;
    }
    deletedFiles++;
    say(() -> "deletes " + log.path);
    for (Application application : applications) {
      if (disk.find(application.file().toString()) == log) {
        throw new AssertionError("the live file " + application.file() + " is deleted");
      }
    }
    BitSet lines = Truth.linesIn(log.bytes, 0, log.size);
    for (int line = lines.nextSetBit(0); line >= 0; line = lines.nextSetBit(line + 1)) {
      if (!truth.excused.get(line) && isMissing(line)) {
        throw new AssertionError("line " + line + " is not everywhere, and its file is deleted");
      }
    }
  }

  private void deletesSegment(SimulatedPath segment) {
    disk.leave();
    try (FileChannel file = FileChannel.open(segment)) {
      SegmentBatches.in(file).forEach(this::givenUp);
    } catch (IOException e) {
      say(e::toString);
    }
    disk.enter();
  }

  private void givenUp(Batch batch) {
    Positions positions = Positions.decode(batch.positions());
    if (positions != null) {
      givenUp
          .computeIfAbsent(positions.generation(), any -> new ArrayList<>())
          .add(new ByteRange(positions.from(), positions.to()));
    }
  }

  private void say(Supplier<String> what) {
    if (story != null) {
      story.add(step + ": " + what.get());
    }
  }
}

package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Changes told by Linux (inotify(7)), and an eventfd(2) to wake the sleeper. The JDK's own
/// WatchService needs a second thread, tells of changes with a long tail, and cannot be woken.
///
/// An event, as the kernel lays it out:
/// ```
/// 0 int wd · 4 int mask · 8 int cookie · 12 int length · 16 name, filled up with zeros to length
/// ```
/// Names are looked at in moves alone: the tailer asks each file for its size, which costs less than finding
/// the file by its name.
final class Inotify implements ChangeWatch {
  /// How close two ends of a sleep for events may be, once they have come as close as twice that. Under 20,000 writes a second an event each
  /// would cost more than polling, and make batches of one line.
  static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private static final int NON_BLOCKING = 0x800;
  private static final int CLOSE_ON_EXEC = 0x80000;

  private static final int IN_MODIFY = 0x2;
  private static final int IN_ATTRIB = 0x4;
  private static final int IN_MOVED_FROM = 0x40;
  private static final int IN_MOVED_TO = 0x80;
  private static final int IN_MOVED = IN_MOVED_FROM | IN_MOVED_TO;
  private static final int IN_CREATE = 0x100;
  private static final int IN_DELETE = 0x200;
  private static final int IN_DELETE_SELF = 0x400;
  private static final int IN_MOVE_SELF = 0x800;
  private static final int IN_ONLYDIR = 0x1000000;
  private static final int CONTENT = IN_MODIFY | IN_ATTRIB;
  private static final int NAMES = IN_MOVED | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

  private static final int POLL_IN = 1;
  private static final int EVENT_HEAD = 16;
  private static final int EVENTS_SIZE = 16 << 10;

  /// Somebody renames a whole folder's files: who was seen before is found without a word.
  private static final int MOST_MOVES = 1024;

  private final Libc libc;
  private final LongSupplier nanoClock;
  private final int events;
  private final int waker;
  private final Memory eventBytes;
  private final Memory counter;
  private final Memory one;

  /// Two `struct pollfd {int fd; short events; short revents}`: the waker, then the events.
  private final Memory pollFds;

  /// `struct timespec {long seconds; long nanos}`.
  private final Memory timeout;

  /// Memory for the system, which is read and written here through a buffer: for each layout that a
  /// segment itself is read in the JDK makes classes.
  private record Memory(MemorySegment segment, ByteBuffer bytes) {
    static Memory of(Arena arena, int size) {
      MemorySegment segment = arena.allocate(size, Long.BYTES);
      return new Memory(segment, segment.asByteBuffer().order(ByteOrder.nativeOrder()));
    }
  }

  /// What is watched, and what the kernel calls it.
  private final Map<Path, Integer> watches = new HashMap<>();

  private final WatchLimit limit;
  private final AtomicBoolean woken = new AtomicBoolean();
  private boolean closed; // guarded by this
  private boolean pendingEvents;
  private long gatheredUntil;

  /// When events were taken last.
  private long eventsNanos;

  private List<Move> moves = new ArrayList<>();

  /// The first half of a move: its cookie, and the name.
  private int movedCookie;

  private @Nullable Path movedFrom;

  private Inotify(Libc libc, LongSupplier nanoClock, WatchLimit limit, int events, int waker) {
    this.libc = libc;
    this.nanoClock = nanoClock;
    this.limit = limit;
    this.events = events;
    this.waker = waker;
    gatheredUntil = nanoClock.getAsLong();
    eventsNanos = gatheredUntil - 2 * GATHER_NANOS;
    // Freed by the collector: a late wake() must never meet freed memory.
    Arena arena = Arena.ofAuto();
    eventBytes = Memory.of(arena, EVENTS_SIZE);
    counter = Memory.of(arena, Long.BYTES);
    one = Memory.of(arena, Long.BYTES);
    one.bytes.putLong(0, 1);
    timeout = Memory.of(arena, 2 * Long.BYTES);
    pollFds = Memory.of(arena, 2 * Long.BYTES);
    pollFds.bytes.putInt(0, waker);
    pollFds.bytes.putShort(4, (short) POLL_IN);
    pollFds.bytes.putInt(8, events);
    pollFds.bytes.putShort(12, (short) POLL_IN);
  }

  /// @param notice told once where a limit of the system keeps it from telling of changes
  /// @return null where there is no inotify, or its limits (`fs.inotify.max_user_instances`, open
  ///     files) are used up
  static @Nullable Inotify open(LongSupplier nanoClock, Consumer<String> notice) {
    Libc libc = Libc.open();
    if (libc == null) {
      return null;
    }
    int events = libc.inotifyInit(NON_BLOCKING | CLOSE_ON_EXEC);
    int waker = events < 0 ? -1 : libc.eventfd(0, NON_BLOCKING | CLOSE_ON_EXEC);
    if (waker < 0) {
      if (events >= 0) {
        libc.close(events);
      }
      notice.accept(
          "changes of files are not told: fs.inotify.max_user_instances or the limit of open files"
              + " is used up. They are polled instead, which costs CPU time");
      return null;
    }
    return new Inotify(libc, nanoClock, new WatchLimit(notice), events, waker);
  }

  @Override
  public boolean watch(Path directory) {
    byte[] name = directory.toString().getBytes(UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      Memory path = Memory.of(arena, name.length + 1);
      path.bytes.put(name);
      int mask = CONTENT | NAMES | IN_ONLYDIR;
      int watch = libc.inotifyAddWatch(events, path.segment, mask);
      if (watch >= 0) {
        watches.put(directory, watch);
        return true;
      }
      // A directory that is missing has been told elsewhere, and is no reason to link anything.
      if (!limit.isTold() && Files.isDirectory(directory)) {
        limit.failed(directory, libc.inotifyAddWatchError(events, path.segment, mask));
      }
      return false;
    }
  }

  @Override
  public void retain(Set<Path> directories) {
    if (directories.containsAll(watches.keySet())) {
      return;
    }
    Set<Integer> gone = new HashSet<>(watches.values());
    watches.keySet().retainAll(directories);
    // A directory may be watched by two names, and has one watch then.
    gone.removeAll(new HashSet<>(watches.values()));
    // The kernel has removed the watch of a directory that was deleted: this one fails then.
    gone.forEach(watch -> libc.inotifyRemoveWatch(events, watch));
  }

  @Override
  public int await(long timeoutNanos) {
    long begin = nanoClock.getAsLong();
    long gather = gatheredUntil - begin;
    if (gather > 0) {
      // Events that come now wait in the kernel; a wake-up does not.
      poll(1, Math.min(gather, timeoutNanos));
    }
    int result = woken.get() ? takeWake() : 0;
    long left = timeoutNanos - Math.max(0, nanoClock.getAsLong() - begin);
    int ready = poll(2, result != 0 || pendingEvents ? 0 : Math.max(0, left));
    pendingEvents = false;
    if (ready > 0 && pollFds.bytes.getShort(6) != 0) {
      result |= takeWake();
    }
    if (ready > 0 && pollFds.bytes.getShort(14) != 0) {
      result |= takeEvents();
      long now = nanoClock.getAsLong();
      boolean often = now - eventsNanos < 2 * GATHER_NANOS;
      eventsNanos = now;
      gatheredUntil = often ? now + GATHER_NANOS : now;
    }
    return result;
  }

  private int poll(int count, long nanos) {
    timeout.bytes.putLong(0, nanos / 1_000_000_000L);
    timeout.bytes.putLong(8, nanos % 1_000_000_000L);
    // A signal ends it early, which the caller takes for an end of the time.
    return libc.ppoll(pollFds.segment, count, timeout.segment);
  }

  private int takeWake() {
    // First the count, then the flag: a wake() in between finds the flag still up and leaves it at
    // that; what it was about is seen by the caller, who looks at everything after this.
    libc.read(waker, counter.segment, Long.BYTES);
    woken.set(false);
    return WOKEN;
  }

  /// Takes what one read gives; the rest is left for the next time.
  private int takeEvents() {
    long length = libc.read(events, eventBytes.segment, EVENTS_SIZE);
    pendingEvents = length > EVENTS_SIZE / 2;
    int result = 0;
    for (int at = 0; at + EVENT_HEAD <= length; ) {
      int mask = eventBytes.bytes.getInt(at + 4);
      if ((mask & CONTENT) != 0) {
        result |= MODIFIED;
      }
      if ((mask & ~CONTENT) != 0) {
        // A name, or IN_Q_OVERFLOW, IN_IGNORED, IN_UNMOUNT: anything may have changed.
        result |= LISTING | MODIFIED;
      }
      if ((mask & IN_MOVED) != 0) {
        takeMove(at, mask);
      }
      at += EVENT_HEAD + eventBytes.bytes.getInt(at + 12);
    }
    return result;
  }

  private void takeMove(int at, int mask) {
    int cookie = eventBytes.bytes.getInt(at + 8);
    Path path = nameAt(at);
    if ((mask & IN_MOVED_FROM) != 0) {
      movedCookie = cookie;
      movedFrom = path;
      return;
    }
    Path from = movedFrom;
    movedFrom = null;
    if (from != null && path != null && cookie == movedCookie && moves.size() < MOST_MOVES) {
      moves.add(new Move(from, path));
    }
  }

  /// @return null where its directory is watched no more, or it is no name here
  private @Nullable Path nameAt(int at) {
    int watch = eventBytes.bytes.getInt(at);
    byte[] name = new byte[eventBytes.bytes.getInt(at + 12)];
    eventBytes.bytes.get(at + EVENT_HEAD, name);
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    for (Map.Entry<Path, Integer> watched : watches.entrySet()) {
      if (watched.getValue() == watch) {
        try {
          return watched.getKey().resolve(new String(name, 0, length, UTF_8));
        } catch (InvalidPathException e) {
          // This process has another encoding (`LC_ALL`): the file is met as any other then.
          return null;
        }
      }
    }
    return null;
  }

  @Override
  public List<Move> takeMoves() {
    if (moves.isEmpty()) {
      return List.of();
    }
    List<Move> taken = moves;
    moves = new ArrayList<>();
    return taken;
  }

  @Override
  public void wake() {
    if (!woken.compareAndSet(false, true)) {
      return;
    }
    // The lock keeps a late call from writing into whatever has the number of a closed file.
    synchronized (this) {
      if (!closed) {
        libc.write(waker, one.segment, Long.BYTES);
      }
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      libc.close(events);
      libc.close(waker);
    }
  }
}

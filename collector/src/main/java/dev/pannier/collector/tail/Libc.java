package dev.pannier.collector.tail;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// The system calls behind [Inotify], for 64-bit Linux (glibc and musl alike). Signatures: man
/// inotify(7), eventfd(2), ppoll(2), read(2), write(2), close(2). A negative answer is a failure.
///
/// All are called as `long f(long, long, long, long)`. On 64-bit Linux each argument has a register
/// of its own, an `int` is what its lower half says, and arguments too many are not looked at. The
/// JDK makes classes for every shape of function that is linked, which no AOT cache keeps: five
/// shapes were a third of the sidecar's start.
final class Libc {
  private static final FunctionDescriptor SHAPE =
      FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private final Linker linker;
  private final MethodHandle call;
  private final MemorySegment inotifyInit;
  private final MemorySegment inotifyAddWatch;
  private final MemorySegment inotifyRemoveWatch;
  private final MemorySegment eventfd;
  private final MemorySegment ppoll;
  private final MemorySegment read;
  private final MemorySegment write;
  private final MemorySegment close;

  @SuppressWarnings("restricted") // the launcher and the jar's manifest allow it
  private Libc(Linker linker) {
    this.linker = linker;
    SymbolLookup symbols = linker.defaultLookup();
    inotifyInit = symbols.findOrThrow("inotify_init1");
    inotifyAddWatch = symbols.findOrThrow("inotify_add_watch");
    inotifyRemoveWatch = symbols.findOrThrow("inotify_rm_watch");
    eventfd = symbols.findOrThrow("eventfd");
    ppoll = symbols.findOrThrow("ppoll");
    read = symbols.findOrThrow("read");
    write = symbols.findOrThrow("write");
    close = symbols.findOrThrow("close");
    call = linker.downcallHandle(SHAPE);
  }

  /// @return null where the system is another, or native access is not allowed
  static @Nullable Libc open() {
    String os = System.getProperty("os.name", "");
    if (!os.equals("Linux") || ADDRESS.byteSize() != Long.BYTES) {
      return null;
    }
    try {
      return new Libc(Linker.nativeLinker());
    } catch (NoSuchElementException | UnsupportedOperationException | IllegalCallerException e) {
      return null;
    }
  }

  int inotifyInit(int flags) {
    return (int) call(inotifyInit, flags, 0, 0, 0);
  }

  int inotifyAddWatch(int fd, MemorySegment path, int mask) {
    try {
      return (int) call(inotifyAddWatch, fd, path.address(), mask, 0);
    } finally {
      Reference.reachabilityFence(path);
    }
  }

  /// Tries again and tells why it fails: a second shape of function, which is linked for whom it
  /// has failed.
  ///
  /// @return errno(3); 0 where it does not fail any more
  @SuppressWarnings("restricted") // the launcher and the jar's manifest allow it
  int inotifyAddWatchError(int fd, MemorySegment path, int mask) {
    MethodHandle telling = linker.downcallHandle(SHAPE, Linker.Option.captureCallState("errno"));
    StructLayout layout = Linker.Option.captureStateLayout();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(layout);
      long result =
          (long)
              telling.invokeExact(
                  inotifyAddWatch, state, (long) fd, path.address(), (long) mask, 0L);
      int at = (int) layout.byteOffset(PathElement.groupElement("errno"));
      ByteBuffer bytes = state.asByteBuffer().order(ByteOrder.nativeOrder());
      return (int) result < 0 ? bytes.getInt(at) : 0;
    } catch (Throwable e) {
      throw impossible(e);
    } finally {
      Reference.reachabilityFence(path);
    }
  }

  int inotifyRemoveWatch(int fd, int watch) {
    return (int) call(inotifyRemoveWatch, fd, watch, 0, 0);
  }

  int eventfd(int initial, int flags) {
    return (int) call(eventfd, initial, flags, 0, 0);
  }

  int ppoll(MemorySegment fds, long count, MemorySegment timeout) {
    try {
      return (int) call(ppoll, fds.address(), count, timeout.address(), 0);
    } finally {
      Reference.reachabilityFence(fds);
      Reference.reachabilityFence(timeout);
    }
  }

  long read(int fd, MemorySegment into, long length) {
    try {
      return call(read, fd, into.address(), length, 0);
    } finally {
      Reference.reachabilityFence(into);
    }
  }

  long write(int fd, MemorySegment from, long length) {
    try {
      return call(write, fd, from.address(), length, 0);
    } finally {
      Reference.reachabilityFence(from);
    }
  }

  int close(int fd) {
    return (int) call(close, fd, 0, 0, 0);
  }

  private long call(MemorySegment function, long a, long b, long c, long d) {
    try {
      return (long) call.invokeExact(function, a, b, c, d);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /// A call into C throws nothing of its own; what comes here is a wrong handle or an Error.
  private static RuntimeException impossible(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    if (e instanceof RuntimeException exception) {
      return exception;
    }
    return new IllegalStateException(e);
  }
}

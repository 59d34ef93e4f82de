package dev.pannier.collector.tail;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// The system calls behind [Inotify], for 64-bit Linux (glibc and musl alike). Signatures: man
/// inotify(7), eventfd(2), ppoll(2), read(2), write(2), close(2). A negative answer is a failure.
final class Libc {
  private final MethodHandle inotifyInit;
  private final MethodHandle inotifyAddWatch;
  private final MethodHandle eventfd;
  private final MethodHandle ppoll;
  private final MethodHandle read;
  private final MethodHandle write;
  private final MethodHandle close;

  private Libc(Linker linker) {
    SymbolLookup symbols = linker.defaultLookup();
    inotifyInit = handle(linker, symbols, "inotify_init1", JAVA_INT, JAVA_INT);
    inotifyAddWatch =
        handle(linker, symbols, "inotify_add_watch", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    eventfd = handle(linker, symbols, "eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    ppoll = handle(linker, symbols, "ppoll", JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
    read = handle(linker, symbols, "read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    write = handle(linker, symbols, "write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    close = handle(linker, symbols, "close", JAVA_INT, JAVA_INT);
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

  @SuppressWarnings("restricted") // the launcher and the jar's manifest allow it
  private static MethodHandle handle(
      Linker linker,
      SymbolLookup symbols,
      String name,
      MemoryLayout result,
      MemoryLayout... arguments) {
    return linker.downcallHandle(
        symbols.findOrThrow(name), FunctionDescriptor.of(result, arguments));
  }

  int inotifyInit(int flags) {
    try {
      return (int) inotifyInit.invokeExact(flags);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  int inotifyAddWatch(int fd, MemorySegment path, int mask) {
    try {
      return (int) inotifyAddWatch.invokeExact(fd, path, mask);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  int eventfd(int initial, int flags) {
    try {
      return (int) eventfd.invokeExact(initial, flags);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  int ppoll(MemorySegment fds, long count, MemorySegment timeout) {
    try {
      return (int) ppoll.invokeExact(fds, count, timeout, MemorySegment.NULL);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  long read(int fd, MemorySegment into, long length) {
    try {
      return (long) read.invokeExact(fd, into, length);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  long write(int fd, MemorySegment from, long length) {
    try {
      return (long) write.invokeExact(fd, from, length);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  int close(int fd) {
    try {
      return (int) close.invokeExact(fd);
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

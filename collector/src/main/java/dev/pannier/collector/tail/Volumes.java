package dev.pannier.collector.tail;

import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.receipt.FileReceipt;
import dev.pannier.collector.receipt.Receipt;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// How full the sources' volumes are. On one that is nearly full somebody soon deletes logs, or the
/// application cannot write: the bytes that are neither shipped nor in a disk buffer by then are named. With a disk buffer there are
/// such bytes for a moment alone, or once it is full: files are read into it as they grow, whether or not a destination takes them.
/// One thread.
final class Volumes {
  /// Space of a volume, in bytes.
  interface Space {
    /// @param freeBytes for this user
    record Bytes(long freeBytes, long totalBytes) {}

    Bytes of(Path folder) throws IOException;
  }

  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int NEARLY_FULL_PERCENT = 5;
  private static final int WELL_AGAIN_PERCENT = 10;
  private static final int MAX_NAMED = 10;

  private final Space space;
  private final Consumer<String> notice;
  private final Map<Path, Long> free = new HashMap<>();
  private final Set<Path> nearlyFull = new HashSet<>();
  private long nextNanos = Long.MIN_VALUE;

  Volumes(Consumer<String> notice) {
    this(Volumes::space, notice);
  }

  Volumes(Space space, Consumer<String> notice) {
    this.space = space;
    this.notice = notice;
  }

  private static Space.Bytes space(Path folder) throws IOException {
    FileStore store = Files.getFileStore(folder);
    return new Space.Bytes(store.getUsableSpace(), store.getTotalSpace());
  }

  /// @param receipt asked for where there is something to tell
  void look(long nowNanos, List<Path> roots, Supplier<Receipt> receipt) {
    if (nowNanos < nextNanos) {
      return;
    }
    nextNanos = nowNanos + PAUSE_NANOS;
    free.keySet().retainAll(roots);
    for (Path root : roots) {
      try {
        Space.Bytes bytes = space.of(root);
        free.put(root, bytes.freeBytes());
        long percent = bytes.totalBytes() <= 0 ? 100 : bytes.freeBytes() * 100 / bytes.totalBytes();
        if (percent < NEARLY_FULL_PERCENT && nearlyFull.add(root)) {
          notice.accept(
              "the volume of "
                  + root
                  + " is nearly full ("
                  + bytes.freeBytes()
                  + " of "
                  + bytes.totalBytes()
                  + " bytes are free); not shipped yet: "
                  + unshipped(root, receipt.get()));
        } else if (percent >= WELL_AGAIN_PERCENT && nearlyFull.remove(root)) {
          notice.accept("the volume of " + root + " has room again");
        }
      } catch (IOException e) {
        // A folder that is missing is told elsewhere.
        free.remove(root);
      }
    }
  }

  private static String unshipped(Path root, Receipt receipt) {
    // As texts: a name that is none in this process's encoding makes no path.
    String name = root.toString();
    String folder = name.endsWith("/") ? name : name + "/";
    List<FileReceipt> files =
        receipt.files().stream()
            .filter(file -> !file.unshipped().isEmpty() && file.path().startsWith(folder))
            .sorted(Comparator.comparingLong(FileReceipt::missingBytes).reversed())
            .toList();
    StringBuilder text = new StringBuilder();
    long rest = 0;
    int named = 0;
    for (FileReceipt file : files) {
      if (named < MAX_NAMED) {
        named++;
        text.append(text.isEmpty() ? "" : ", ").append(file.path());
        file.unshipped().forEach(range -> text.append(" bytes ").append(range));
      } else {
        rest += ByteRange.sum(file.unshipped());
      }
    }
    if (rest > 0) {
      text.append(", and ").append(rest).append(" bytes of ").append(files.size() - named);
      text.append(" other files");
    }
    if (text.isEmpty()) {
      text.append("nothing");
    }
    long buffered = receipt.bufferedBytes();
    if (buffered > 0) {
      text.append("; ").append(buffered).append(" bytes of files are in the disk buffer");
    }
    return text.toString();
  }

  /// Free bytes of the volume of one of these folders, the least; -1 where it is not known.
  long freeBytes(List<Path> roots) {
    long least = -1;
    for (Path root : roots) {
      Long bytes = free.get(root);
      if (bytes != null && (least < 0 || bytes < least)) {
        least = bytes;
      }
    }
    return least;
  }
}

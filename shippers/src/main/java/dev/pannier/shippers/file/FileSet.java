package dev.pannier.shippers.file;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files of one shipper, together at most `maxBytes`. A file that has grown to a tenth of that
/// is rotated, `logs.jsonl` to `logs.000001.jsonl` and on; before all together become too large, the
/// oldest goes, rotated or not, but never the one that is being written. Where it cannot go, nothing is
/// written.
///
/// One thread.
final class FileSet implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileSet.class);
  private static final int MAX_OPEN = 16;
  private static final int MAX_DEPTH = 16;
  private static final long SMALLEST_ROTATED_BYTES = 64 * 1024;

  private final OutputFiles ours;
  private final long maxBytes;
  private final long rotateBytes;

  /// In the order of their last use.
  private final LinkedHashMap<Path, LineFile> open = new LinkedHashMap<>(16, 0.75f, true);

  /// All files with their sizes, oldest first.
  private final LinkedHashMap<Path, Long> sizes = new LinkedHashMap<>();

  private final SyncedNames names = new SyncedNames();
  private final Map<Path, Integer> lastNumbers = new LinkedHashMap<>();
  private long total;
  private boolean scanned;

  /// @param ours no other file is touched
  FileSet(OutputFiles ours, long maxBytes) {
    this.ours = ours;
    this.maxBytes = maxBytes;
    this.rotateBytes = Math.max(SMALLEST_ROTATED_BYTES, maxBytes / 10);
  }

  /// Appends whole lines to a file; they are on the disk when it returns.
  void append(Path path, byte[] lines, int length) throws IOException {
    scan();
    LineFile file = file(path);
    if (file.size() > 0 && file.size() + length > rotateBytes) {
      rotate(file);
      file = file(path);
    }
    count(path, file.size());
    makeRoom(path, length);
    try {
      file.append(lines, 0, length);
    } catch (IOException e) {
      // What is on the disk is found out when it is opened again.
      open.remove(path);
      file.close();
      throw e;
    }
    count(path, file.size());
  }

  /// Makes the folder and finds what is in it.
  void scan() throws IOException {
    if (Files.notExists(ours.folder())) {
      names.makeFolder(ours.folder());
    }
    if (scanned) {
      return;
    }
    Map<Path, BasicFileAttributes> found = new LinkedHashMap<>();
    Files.walkFileTree(
        ours.folder(),
        EnumSet.noneOf(java.nio.file.FileVisitOption.class),
        MAX_DEPTH,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile() && isOurs(file)) {
              found.put(file, attributes);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
    found.entrySet().stream()
        .sorted(
            Map.Entry.comparingByValue(
                (a, b) -> a.lastModifiedTime().compareTo(b.lastModifiedTime())))
        .forEach(file -> count(file.getKey(), file.getValue().size()));
    scanned = true;
  }

  private boolean isOurs(Path file) {
    OutputFiles.Rotated rotated = ours.rotated(file);
    if (rotated != null) {
      lastNumbers.merge(rotated.active(), rotated.number(), Math::max);
    }
    return rotated != null || ours.contains(file);
  }

  /// The newest is last.
  private void count(Path path, long size) {
    Long before = sizes.remove(path);
    total += size - (before == null ? 0 : before);
    sizes.put(path, size);
  }

  private LineFile file(Path path) throws IOException {
    LineFile file = open.get(path);
    if (file != null && !file.isThere()) {
      close(path);
      file = null;
    }
    if (file == null) {
      file = LineFile.open(path, names);
      open.put(path, file);
      while (open.size() > MAX_OPEN) {
        close(open.keySet().iterator().next());
      }
    }
    return file;
  }

  private void close(Path path) throws IOException {
    LineFile file = open.remove(path);
    if (file != null) {
      file.close();
    }
  }

  private void rotate(LineFile file) throws IOException {
    Path path = file.path();
    Path rotated;
    do {
      int number = lastNumbers.merge(path, 1, Integer::sum);
      rotated = rotated(path, number);
    } while (Files.exists(rotated));
    open.remove(path);
    file.moveTo(rotated, names);
    count(path, 0);
    count(rotated, file.size());
    names.sync(rotated);
  }

  private static Path rotated(Path path, int number) {
    String name = String.valueOf(path.getFileName());
    int dot = name.lastIndexOf('.');
    String stem = dot <= 0 ? name : name.substring(0, dot);
    String extension = dot <= 0 ? "" : name.substring(dot);
    return path.resolveSibling(stem + "." + String.format(Locale.ROOT, "%06d", number) + extension);
  }

  private void makeRoom(Path current, long more) throws IOException {
    while (total + more > maxBytes) {
      Path oldest = oldestBut(current);
      if (oldest == null) {
        return;
      }
      close(oldest);
      try {
        Files.delete(oldest);
        LOG.info("{} has been removed: max_bytes {} is reached", oldest, maxBytes);
      } catch (NoSuchFileException e) {
        LOG.debug("{} was gone", oldest, e);
      }
      Long size = sizes.remove(oldest);
      total -= size == null ? 0 : size;
    }
  }

  private @Nullable Path oldestBut(Path current) {
    for (Path path : sizes.keySet()) {
      if (!path.equals(current)) {
        return path;
      }
    }
    return null;
  }

  @Override
  public void close() throws IOException {
    for (Path path : open.keySet().toArray(Path[]::new)) {
      close(path);
    }
  }
}

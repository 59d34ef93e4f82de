package dev.pannier.shippers.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One file that whole lines are appended to, by one process.
///
/// | crash | what is there at the next start |
/// |---|---|
/// | while lines are written | lines, and a last one without its end: it was not confirmed, and is cut off |
/// | after the write, before the sync | the same, or nothing of it: not confirmed |
/// | the machine does, before the sync | the same, or parts of it: a line with a hole of zeros is not told from others, and stays; not confirmed |
/// | after the sync | all of it |
final class LineFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LineFile.class);
  private static final int BLOCK_BYTES = 8 * 1024;

  private final Path path;
  private final FileChannel channel;
  private final @Nullable Object identity;
  private long size;

  private LineFile(Path path, FileChannel channel, long size) throws IOException {
    this.path = path;
    this.channel = channel;
    this.identity = attributes(path).fileKey();
    this.size = size;
  }

  private static BasicFileAttributes attributes(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class);
  }

  /// Whether its path still leads to it, and it ends where we did: somebody may have deleted or moved it,
  /// or emptied it to make room.
  boolean isThere() {
    try {
      BasicFileAttributes now = attributes(path);
      return now.size() == size && Objects.equals(identity, now.fileKey());
    } catch (IOException e) {
      return false;
    }
  }

  /// Opens or creates it, and cuts off a line without end.
  ///
  /// @throws IOException also where another process writes to it
  static LineFile open(Path path) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null) {
      makeFolder(folder);
    }
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      lock(path, channel);
      long end = endOfLines(channel);
      if (end < channel.size()) {
        channel.truncate(end);
      }
      channel.position(end);
      if (folder != null) {
        // Also of one that is there: a process that was killed may have made it.
        sync(folder);
      }
      return new LineFile(path, channel, end);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /// Held until the channel is closed.
  private static void lock(Path path, FileChannel channel) throws IOException {
    @Nullable FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new IOException(path + " is written by another shipper or process");
    }
  }

  /// Behind the last line end.
  private static long endOfLines(FileChannel channel) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
    for (long end = channel.size(); end > 0; ) {
      long start = Math.max(0, end - BLOCK_BYTES);
      block.clear().limit((int) (end - start));
      while (block.hasRemaining()) {
        if (channel.read(block, start + block.position()) < 0) {
          return 0;
        }
      }
      for (int i = block.limit() - 1; i >= 0; i--) {
        if (block.get(i) == '\n') {
          return start + i + 1;
        }
      }
      end = start;
    }
    return 0;
  }

  /// Makes a folder, and what it lies in, that survive a crash. Each name is synced before anything is made below it, and that of a
  /// folder which is there once more: a process that was killed may have made it.
  static void makeFolder(Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().getParent();
    if (Files.notExists(folder)) {
      if (parent != null) {
        makeFolder(parent);
      }
      Files.createDirectories(folder);
    }
    if (parent != null) {
      sync(parent);
    }
  }

  /// Makes names in a folder survive a crash.
  private static void sync(Path folder) throws IOException {
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    } catch (AccessDeniedException e) {
      // Not ours to read: then nobody but its owner can sync it.
      LOG.debug("the names in {} cannot be synced", folder, e);
    }
  }

  long size() {
    return size;
  }

  Path path() {
    return path;
  }

  /// Appends whole lines; they are on the disk when it returns, and none of them when it throws.
  void append(byte[] lines, int offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(lines, offset, length);
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(false);
    } catch (IOException e) {
      try {
        channel.truncate(size);
        channel.position(size);
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
    size += length;
  }

  /// Closes it and gives it another name, which [#syncName] makes survive a crash.
  void moveTo(Path rotated) throws IOException {
    channel.close();
    Files.move(path, rotated);
  }

  static void syncName(Path path) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null) {
      sync(folder);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

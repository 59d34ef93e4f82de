package dev.pannier.shippers.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One file that whole lines are appended to, by one process.
///
/// | crash | what is there at the next start |
/// |---|---|
/// | while lines are written | lines, and a last one without its end: it was not confirmed, and is cut off |
/// | after the write, before the sync | the same, or nothing of it: not confirmed |
/// | the machine does, before the sync | the same, or parts of it: a line with a hole of zeros is not told from others, and stays; not confirmed |
/// | after the sync | all of it |
final class LineFile implements AutoCloseable {
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
  /// @param names for its name, and the folders that it lies in
  /// @throws IOException also where another process writes to it
  static LineFile open(Path path, SyncedNames names) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null) {
      names.makeFolder(folder);
    }
    if (Files.notExists(path)) {
      names.isNew(path);
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
      names.sync(path);
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

  /// Closes it and gives it another name.
  void moveTo(Path rotated, SyncedNames names) throws IOException {
    channel.close();
    Files.move(path, rotated);
    names.isNew(rotated);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

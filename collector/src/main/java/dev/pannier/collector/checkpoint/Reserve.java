package dev.pannier.collector.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A file whose bytes mean nothing and have their place on the disk: when that is full, what is written over them finds room that nobody
/// else can have taken.
public final class Reserve {
  private static final Logger LOG = LoggerFactory.getLogger(Reserve.class);
  private static final int PIECE_BYTES = 128 * 1024;

  private final Path directory;
  private final Path file;

  public Reserve(Path directory, String name) {
    this.directory = directory;
    this.file = directory.resolve(name);
  }

  /// @return 0 where there is none
  long bytes() throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /// Leaves it as it was where the disk does not take as much.
  ///
  /// @param bytes it has them for a moment
  /// @param keeps what it has of them for good
  public void fill(long bytes, long keeps) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long size = channel.size();
      try {
        ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(PIECE_BYTES, bytes));
        for (long at = size; at < bytes; ) {
          zeros.clear().limit((int) Math.min(PIECE_BYTES, bytes - at));
          at += channel.write(zeros, at);
        }
        channel.force(true);
        size = keeps;
      } finally {
        channel.truncate(size);
      }
    }
  }

  /// A process has ended while it replaced a file: the one that the file had is the reserve.
  void recover(String name) throws IOException {
    Path former = former(name);
    if (Files.exists(former)
        && Files.notExists(file)
        && !Files.isSameFile(former, directory.resolve(name))) {
      replace(former, file);
    }
  }

  private Path former(String name) {
    return directory.resolve(name + ".former");
  }

  /// Replaces another file of the directory as [DurableDirectory#replace] does, in the place that the reserve has. The one that the
  /// file had is the next reserve, but for file systems without links.
  ///
  /// @throws IOException where there is no reserve, or the disk has no room for what `content` has beyond it: the file is as it was
  void replace(String name, byte[] content) throws IOException {
    Path target = directory.resolve(name);
    Path former = former(name);
    // After the death of the machine the reserve might be the target by its former name.
    DurableDirectory.syncNames(directory);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.truncate(content.length);
      channel.force(true);
    }
    // A crash may have left it: then it may be the target itself, and nothing is ever written to
    // it.
    Files.deleteIfExists(former);
    boolean linked = link(former, target);
    replace(file, target);
    if (linked) {
      replace(former, file);
    }
    DurableDirectory.syncNames(directory);
  }

  private static boolean link(Path name, Path existing) {
    try {
      Files.createLink(name, existing);
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      LOG.debug("{} gets no second name, so its reserve is used up", existing, e);
      return false;
    }
  }

  private static void replace(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}

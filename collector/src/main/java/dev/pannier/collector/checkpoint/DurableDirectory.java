package dev.pannier.collector.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Directories whose names outlive the death of the machine: a file that is synced is lost with the name of the directory
/// that it lies in.
public final class DurableDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(DurableDirectory.class);

  private DurableDirectory() {}

  /// Makes the directory, and what it lies in, where there is none. Each name is synced before anything is made below it, and that of a
  /// directory that is there once more: a process that was killed may have made it.
  ///
  /// @throws IOException where one cannot be made, or its name not be synced
  public static void make(Path directory) throws IOException {
    Path parent = directory.toAbsolutePath().getParent();
    if (Files.notExists(directory)) {
      if (parent != null) {
        make(parent);
      }
      Files.createDirectories(directory);
    }
    if (parent == null) {
      return;
    }
    try {
      syncNames(parent);
    } catch (AccessDeniedException e) {
      // Not ours to read: then it was not made here, either.
      LOG.debug("the name of {} cannot be synced", directory, e);
    }
  }

  /// Replaces a file of the directory. When it returns, it is on disk; a crash leaves the old one, none, or the new one whole:
  /// written beside it (a crash half-way leaves the old file), synced (one after the rename finds the new content, not zeros),
  /// renamed (one or the other, never half), and the name synced (the rename itself survives).
  public static void replace(Path directory, String name, byte[] bytes) throws IOException {
    Path temporary = directory.resolve(name + ".tmp");
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer content = ByteBuffer.wrap(bytes);
      while (content.hasRemaining()) {
        channel.write(content);
      }
      channel.force(true);
    }
    Files.move(
        temporary,
        directory.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    syncNames(directory);
  }

  /// When it returns, the names in a directory are on disk: what was made, renamed and deleted.
  public static void syncNames(Path directory) throws IOException {
    try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
      names.force(true);
    }
  }
}

package dev.pannier.collector.buffer;

import dev.pannier.collector.checkpoint.DurableDirectory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// That something of a log was given up since it could not be read: the file `given-up`, and what is kept as `….unreadable`. Files may be the
/// only ones that have it, and which these are nobody knows: so later processes keep them all, until somebody has removed it.
///
/// [#store] one thread at a time.
final class GivenUp {
  private static final Logger LOG = LoggerFactory.getLogger(GivenUp.class);

  private static final String NAME = "given-up";

  private final Path directory;
  private final boolean before;
  private boolean stored;

  /// @param notice takes a line where a process before this one has given something up
  GivenUp(Path directory, Consumer<String> notice) throws IOException {
    this.directory = directory;
    stored = Files.exists(directory.resolve(NAME));
    before = stored || hasUnreadable(directory);
    if (before) {
      notice.accept(
          "buffer.directory "
              + directory
              + " has lost records that may be in their files alone: after_shipped: delete deletes"
              + " nothing before a start without its file "
              + NAME
              + " and what ends in .unreadable there");
    }
  }

  private static boolean hasUnreadable(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (entry.toString().endsWith(".unreadable")) {
          return true;
        }
      }
    }
    return false;
  }

  /// Whether a process before this one has given something up.
  boolean before() {
    return before;
  }

  /// This one has. What the disk does not take is tried again the next time.
  void store() {
    if (stored) {
      return;
    }
    try {
      // Its name is all that is read: a full disk has room for that.
      Files.createFile(directory.resolve(NAME));
      DurableDirectory.syncNames(directory);
      stored = true;
    } catch (FileAlreadyExistsException e) {
      // Its name was not synced.
      stored = true;
    } catch (IOException e) {
      LOG.debug("{} cannot be stored", NAME, e);
    }
  }
}

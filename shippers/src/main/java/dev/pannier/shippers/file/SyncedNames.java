package dev.pannier.shippers.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes names of files and folders survive a crash of the machine: each once, as long as it leads to the same file. Also one that was there
/// before this process: one that was killed may have made it. One thread.
final class SyncedNames {
  private static final Logger LOG = LoggerFactory.getLogger(SyncedNames.class);

  /// Beyond this all are forgotten, and synced once more.
  private static final int MAX_NAMES = 1_000;

  /// What each leads to.
  private final Map<Path, Object> synced = new HashMap<>();

  /// Makes a folder, and what it lies in. Each name is synced before anything is made below it.
  void makeFolder(Path folder) throws IOException {
    Path path = folder.toAbsolutePath();
    if (Files.notExists(path)) {
      Path parent = path.getParent();
      if (parent != null) {
        makeFolder(parent);
      }
      Files.createDirectories(path);
      isNew(path);
    }
    sync(path);
  }

  /// The name is that of another file from now on, whatever it looks like: a number of a file that is gone is used again.
  void isNew(Path path) {
    synced.remove(path.toAbsolutePath());
  }

  void sync(Path path) throws IOException {
    Path name = path.toAbsolutePath();
    Path folder = name.getParent();
    if (folder == null) {
      return;
    }
    @Nullable Object leadsTo = Files.readAttributes(name, BasicFileAttributes.class).fileKey();
    if (leadsTo != null && leadsTo.equals(synced.get(name))) {
      return;
    }
    syncAll(folder);
    if (synced.size() >= MAX_NAMES) {
      synced.clear();
    }
    if (leadsTo != null) {
      synced.put(name, leadsTo);
    }
  }

  private static void syncAll(Path folder) throws IOException {
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    } catch (AccessDeniedException e) {
      // Not ours to read: then nobody but its owner can sync it.
      LOG.debug("the names in {} cannot be synced", folder, e);
    }
  }
}

package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.SavedGeneration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A file's place on its device. No identity by itself: a deleted file's inode is used again at
/// once.
record FileKey(long device, long inode) {
  // Written out, as for every record that a start compares: the JVM would make classes for it.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FileKey key && device == key.device && inode == key.inode;
  }

  @Override
  public int hashCode() {
    return 31 * Long.hashCode(device) + Long.hashCode(inode);
  }

  /// Where a generation was last.
  static FileKey of(SavedGeneration saved) {
    return new FileKey(saved.device(), saved.inode());
  }

  /// @throws IOException where the file is not there or may not be looked at
  static FileKey of(Path path) throws IOException {
    Map<String, Object> attributes = Files.readAttributes(path, "unix:dev,ino");
    return new FileKey(number(attributes, "dev"), number(attributes, "ino"));
  }

  private static long number(Map<String, Object> attributes, String name) throws IOException {
    if (attributes.get(name) instanceof Long number) {
      return number;
    }
    throw new IOException("the file system tells no " + name);
  }
}

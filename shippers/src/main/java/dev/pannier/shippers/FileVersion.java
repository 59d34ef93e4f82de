package dev.pannier.shippers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/// What tells that a file was replaced, or written anew: certificates are renewed under the same name.
public final class FileVersion {
  private FileVersion() {}

  /// @return null where there is none, as between two versions
  public static @Nullable String of(Path file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return now.lastModifiedTime() + " " + now.size() + " " + now.fileKey();
    } catch (IOException e) {
      return null;
    }
  }
}

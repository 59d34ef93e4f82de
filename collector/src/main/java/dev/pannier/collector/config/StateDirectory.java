package dev.pannier.collector.config;

import dev.pannier.collector.checkpoint.DurableDirectory;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/// Where positions and identity live.
public final class StateDirectory {
  private static final Path PREFERRED = Path.of("/var/lib/pannier");

  private StateDirectory() {}

  /// `/var/lib/pannier` where it can be written, else `$XDG_STATE_HOME/pannier`, which is
  /// `~/.local/state/pannier` where the variable is not set (XDG Base Directory Specification).
  static Path byDefault(Map<String, String> environment) {
    return byDefault(PREFERRED, environment);
  }

  static Path byDefault(Path preferred, Map<String, String> environment) {
    Path existing = preferred;
    while (existing.getParent() != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (Files.isDirectory(existing) && Files.isWritable(existing)) {
      return preferred;
    }
    String state = environment.getOrDefault("XDG_STATE_HOME", "");
    if (state.startsWith("/")) {
      return Path.of(state, "pannier");
    }
    String home = environment.getOrDefault("HOME", "");
    return home.startsWith("/") ? Path.of(home, ".local", "state", "pannier") : preferred;
  }

  /// Makes the directory where it is missing and sees that a file can be written in it.
  ///
  /// @param needsRoom whether a full disk is as bad as one that cannot be written. Where all is there that a start needs, it is not:
  ///     what fills the disk may be what only a sidecar that runs ships and deletes
  /// @throws IOException with a message that says what to do
  public static void prepare(Path directory, boolean needsRoom) throws IOException {
    Path probe = directory.resolve(".writable");
    try {
      DurableDirectory.make(directory);
      try {
        Files.write(probe, new byte[] {1});
      } finally {
        Files.deleteIfExists(probe);
      }
    } catch (IOException e) {
      if (!needsRoom && isFull(e) && Files.isWritable(directory)) {
        return;
      }
      throw new IOException(
          "cannot be written, "
              + why(e)
              + ": mount a writable volume there, or name a folder that can ("
              + Problems.shown(directory.toString())
              + ")",
          e);
    }
  }

  /// As Linux says it (`ENOSPC`, `EDQUOT`); Java has no class for it.
  private static boolean isFull(IOException e) {
    String why = why(e);
    return why.endsWith("No space left on device") || why.endsWith("Disk quota exceeded");
  }

  private static String why(IOException e) {
    return switch (e) {
      case AccessDeniedException ignored -> "permission denied";
      case NoSuchFileException ignored -> "no folder can be made there";
      case FileSystemException other when other.getReason() != null -> other.getReason();
      case FileSystemException other -> other.getClass().getSimpleName();
      // A full disk, where the file could be made.
      default -> String.valueOf(e.getMessage());
    };
  }
}

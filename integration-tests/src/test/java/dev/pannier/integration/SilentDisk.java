package dev.pannier.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// An overlay over a folder, which only one process sees. What is written to the layer below it, by others, is seen in it, and
/// inotify tells nothing of that: as with a network's file systems.
final class SilentDisk {
  private SilentDisk() {}

  /// What starts the command behind it with the file system.
  ///
  /// @param folder  exists; it is hidden by the overlay
  /// @param scratch where its layers lie
  static List<String> over(Path folder, Path scratch) throws IOException {
    Path below = Files.createDirectories(scratch.resolve("below"));
    Path work = Files.createDirectories(scratch.resolve("work"));
    String layers = "lowerdir=" + below + ",upperdir=" + written(scratch) + ",workdir=" + work;
    return OwnMounts.with("mount -t overlay -o " + layers + " overlay \"$0\"", folder);
  }

  /// The folder to write to.
  static Path written(Path scratch) throws IOException {
    return Files.createDirectories(scratch.resolve("written"));
  }

  /// Why there can be none here; empty where there can.
  static String missing(Path scratch) throws IOException, InterruptedException {
    return OwnMounts.missing(over(Files.createDirectories(scratch.resolve("merged")), scratch));
  }
}

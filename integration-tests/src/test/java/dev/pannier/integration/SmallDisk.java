package dev.pannier.integration;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// A small file system in memory over a folder, which only one process sees.
final class SmallDisk {
  private static final int BLOCK_BYTES = 4096;

  private SmallDisk() {}

  /// What starts the command behind it with the file system.
  ///
  /// @param folder exists
  static List<String> over(Path folder, int mib) {
    return OwnMounts.with("mount -t tmpfs -o size=" + mib + "m tmpfs \"$0\"", folder);
  }

  /// Why there can be none here; empty where there can.
  static String missing(Path folder) throws InterruptedException {
    return OwnMounts.missing(over(folder, 1));
  }

  /// Writes a file, or goes on with it, until nothing is left of the file system that a process sees.
  ///
  /// @return the file, to be deleted
  static Path fill(ProcessHandle process, Path folder) throws IOException {
    Path seen = Path.of("/proc", String.valueOf(process.pid()), "root" + folder);
    Path ballast = seen.resolve("ballast");
    try (OutputStream out =
        Files.newOutputStream(ballast, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      byte[] block = new byte[BLOCK_BYTES];
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      if (Files.exists(ballast)) {
        return ballast;
      }
      throw e;
    }
  }
}

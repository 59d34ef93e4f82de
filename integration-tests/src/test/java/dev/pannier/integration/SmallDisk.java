package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A small file system in memory over a folder, which only one process sees: it has a namespace of its own, and the
/// file system goes with it. That needs no more rights than making such a namespace.
final class SmallDisk {
  private static final int BLOCK_BYTES = 4096;
  private static final int ANSWERED_WITHIN_SECONDS = 20;

  private SmallDisk() {}

  /// What starts the command behind it with the file system.
  ///
  /// @param folder exists
  static List<String> over(Path folder, int mib) {
    return List.of(
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs -o size=" + mib + "m tmpfs \"$0\" && exec \"$@\"",
        folder.toString());
  }

  /// Why there can be none here; empty where there can.
  static String missing(Path folder) throws InterruptedException {
    List<String> command = new ArrayList<>(over(folder, 1));
    command.add("true");
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
      boolean ended = process.waitFor(ANSWERED_WITHIN_SECONDS, TimeUnit.SECONDS);
      return ended && process.exitValue() == 0 ? "" : said.isEmpty() ? "unshare failed" : said;
    } catch (IOException e) {
      return e.toString();
    }
  }

  /// Writes a file until nothing is left of the file system that a process sees.
  ///
  /// @return the file, to be deleted
  static Path fill(ProcessHandle process, Path folder) throws IOException {
    Path seen = Path.of("/proc", String.valueOf(process.pid()), "root" + folder);
    Path ballast = seen.resolve("ballast");
    try (OutputStream out = Files.newOutputStream(ballast)) {
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

package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A file system that only one process sees: it has a namespace of its own, and the file system goes with it. That needs no more rights
/// than making such a namespace.
final class OwnMounts {
  private static final int ANSWERED_WITHIN_SECONDS = 20;

  private OwnMounts() {}

  /// What starts the command behind it with the file system.
  ///
  /// @param mount  a shell's command; `$0` is the folder
  /// @param folder exists
  static List<String> with(String mount, Path folder) {
    return List.of(
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        mount + " && exec \"$@\"",
        folder.toString());
  }

  /// Runs a shell's command where such a process has its file systems.
  ///
  /// @param command `$0` is the folder
  static void in(ProcessHandle process, String command, Path folder) throws Exception {
    Process entered =
        new ProcessBuilder(
                "nsenter",
                "--target",
                String.valueOf(process.pid()),
                "--user",
                "--preserve-credentials",
                "--mount",
                "sh",
                "-c",
                command,
                folder.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(entered.getInputStream().readAllBytes(), UTF_8);
    if (entered.waitFor() != 0) {
      throw new IOException(command + ": " + said);
    }
  }

  /// Why a command of [#with] cannot run here; empty where it can.
  static String missing(List<String> with) throws InterruptedException {
    List<String> command = new ArrayList<>(with);
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
}

package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How many log files may be open at once.
final class OpenFiles {
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String LINE = "Max open files";

  /// Of a process that may have any number: what is above costs the kernel's memory for nothing.
  static final int MOST = 4096;

  /// Connections (256), shippers' clients, folders and the sidecar's own jars.
  static final int OTHERS = 320;

  private OpenFiles() {}

  /// What the process's limit of descriptors leaves for log files.
  static int most() {
    try {
      return most(Files.readString(LIMITS, US_ASCII));
    } catch (IOException e) {
      return MOST;
    }
  }

  /// The line is `Max open files            1024                 524288               files`: the
  /// soft limit, then the hard one. The JVM has raised the soft one to the hard one.
  static int most(String limits) {
    int start = limits.indexOf(LINE);
    if (start < 0) {
      return MOST;
    }
    String soft = limits.substring(start + LINE.length()).strip().split("\\s", 2)[0];
    if (soft.equals("unlimited")) {
      return MOST;
    }
    long limit = Long.parseLong(soft);
    return (int) Math.min(MOST, Math.max(limit - OTHERS, limit / 2));
  }
}

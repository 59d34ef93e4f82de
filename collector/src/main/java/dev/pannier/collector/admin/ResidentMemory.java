package dev.pannier.collector.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much physical memory the process has, as Linux counts it.
final class ResidentMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String LINE = "VmRSS:";

  private ResidentMemory() {}

  /// @return 0 where the system does not say
  static long bytes() {
    String status;
    try {
      status = Files.readString(STATUS, US_ASCII);
    } catch (IOException e) {
      return 0;
    }
    return parse(status);
  }

  /// The line is `VmRSS:     12345 kB`.
  static long parse(String status) {
    int start = status.indexOf(LINE);
    int end = status.indexOf(" kB", start);
    return start < 0 || end < 0
        ? 0
        : Long.parseLong(status.substring(start + LINE.length(), end).strip()) * 1024;
  }
}

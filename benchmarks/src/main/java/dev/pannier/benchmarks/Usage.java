package dev.pannier.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What a process has used so far, as Linux tells it in `/proc`.
final class Usage {
  /// `USER_HZ`, which Linux has fixed for what it shows.
  private static final double TICKS_A_SECOND = 100;

  private static final int USER_TIME = 13;

  private final Path process;

  Usage(long pid) {
    process = Path.of("/proc", String.valueOf(pid));
  }

  /// User and system time of all its threads, since it was started.
  double cpuSeconds() throws IOException {
    String stat = Files.readString(process.resolve("stat"));
    // The second field is the program's name in brackets, which may hold anything.
    List<String> fields =
        List.of(stat.substring(stat.lastIndexOf(')') + 2).stripTrailing().split(" ", -1));
    int at = USER_TIME - 2;
    return (Long.parseLong(fields.get(at)) + Long.parseLong(fields.get(at + 1))) / TICKS_A_SECOND;
  }

  /// The most that it has had; whoever samples sees less.
  double peakResidentMiB() throws IOException {
    return mebibytes("status", "VmHWM:");
  }

  double residentMiB() throws IOException {
    return mebibytes("status", "VmRSS:");
  }

  /// Its share of what it has in common with others, and all that is its own.
  double proportionalMiB() throws IOException {
    return mebibytes("smaps_rollup", "Pss:");
  }

  int threads() throws IOException {
    try (Stream<Path> tasks = Files.list(process.resolve("task"))) {
      return (int) tasks.count();
    }
  }

  int descriptors() throws IOException {
    try (Stream<Path> open = Files.list(process.resolve("fd"))) {
      return (int) open.count();
    }
  }

  /// Whether a file is mapped into its memory.
  boolean hasMapped(Path file) throws IOException {
    String path = file.toRealPath().toString();
    return Files.readAllLines(process.resolve("maps")).stream().anyMatch(map -> map.endsWith(path));
  }

  private double mebibytes(String file, String name) throws IOException {
    for (String line : Files.readAllLines(process.resolve(file))) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
      }
    }
    throw new IOException(process.resolve(file) + " has no " + name);
  }
}

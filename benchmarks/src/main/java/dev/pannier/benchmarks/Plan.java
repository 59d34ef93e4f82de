package dev.pannier.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the command line asks for.
///
/// @param sizeMiB of each input
/// @param file    repeated to that size, instead of generated text lines
/// @param runs    of each throughput; the median counts
/// @param quick   short waits and few samples: shows that it works, measures little
/// @param results a Markdown file, in whose marked part the measured sections are replaced
/// @param against the `lib/pannier-collector.jar` of another build, measured in turns
/// @param minutes of a soak; 0 for its own default
/// @param profiles a folder for Java Flight Recorder's recordings
public record Plan(
    Set<Work> works,
    int sizeMiB,
    @Nullable Path file,
    int runs,
    int minutes,
    boolean quick,
    @Nullable Path results,
    @Nullable Path against,
    @Nullable Path profiles) {
  static final String USAGE =
      """
      usage: pannier bench [WORK ...] [--all] [--size MiB] [--file F] [--runs N] [--quick]
                           [--results F] [--against JAR] [--profile DIR] [--minutes N]
      works (all but jmh and the soaks without any): %s
        --all      every work, five runs of 4096 MiB: hours
        --size     MiB of each input, 1 to 65536 (default 1024)
        --file     a log file that takes the place of generated text lines, repeated to the size
        --runs     how often each work is measured (default 1); the median counts
        --quick    short waits and few samples
        --results  a Markdown file; between its marks, the sections that were measured are replaced
        --against  the lib/pannier-collector.jar of another build: throughputs and start of both, in turns
        --profile  a folder, which gets a recording of Java Flight Recorder for each run
        --minutes  of a soak (default 30, and 20 of soak-slow); its picture goes beside --results\
      """
          .formatted(Work.names());

  private static final int SIZE_MIB = 1024;
  private static final int ALL_SIZE_MIB = 4096;
  private static final int ALL_RUNS = 5;

  private static final EnumSet<Work> SOAKS = EnumSet.of(Work.SOAK, Work.SOAK_SLOW);

  /// @throws IllegalArgumentException with one line that says what is wrong
  static Plan of(String[] arguments) {
    EnumSet<Work> works = EnumSet.noneOf(Work.class);
    boolean all = false;
    int size = 0;
    int runs = 0;
    int minutes = 0;
    boolean quick = false;
    Path file = null;
    Path results = null;
    Path against = null;
    Path profiles = null;
    List<String> rest = new ArrayList<>(List.of(arguments));
    while (!rest.isEmpty()) {
      String argument = rest.removeFirst();
      switch (argument) {
        case "--size" -> size = number(argument, value(argument, rest), 65_536);
        case "--runs" -> runs = number(argument, value(argument, rest), 99);
        case "--minutes" -> minutes = number(argument, value(argument, rest), 10_080);
        case "--quick" -> quick = true;
        case "--file" -> file = readable(value(argument, rest));
        case "--results" -> results = marked(value(argument, rest));
        case "--against" -> against = jar(value(argument, rest));
        case "--profile" -> profiles = folder(value(argument, rest));
        case "all", "--all" -> all = true;
        default -> works.add(Work.of(argument));
      }
    }
    if (all) {
      works = EnumSet.allOf(Work.class);
    } else if (works.isEmpty()) {
      works = EnumSet.complementOf(SOAKS);
      works.remove(Work.JMH);
    }
    if (size == 0) {
      size = all ? ALL_SIZE_MIB : SIZE_MIB;
    }
    if (runs == 0) {
      runs = all ? ALL_RUNS : 1;
    }
    return new Plan(works, size, file, runs, minutes, quick, results, against, profiles);
  }

  private static String value(String option, List<String> rest) {
    if (rest.isEmpty()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.removeFirst();
  }

  private static int number(String option, String text, int highest) {
    try {
      int number = Integer.parseInt(text);
      if (number >= 1 && number <= highest) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, as any other text that is no such number.
    }
    throw new IllegalArgumentException(option + " is no number of 1 to " + highest + ": " + text);
  }

  private static Path readable(String text) {
    Path path = Path.of(text);
    if (!Files.isReadable(path) || Files.isDirectory(path)) {
      throw new IllegalArgumentException("no such file: " + text);
    }
    return path;
  }

  /// Asked before hours of measuring, not after.
  private static Path marked(String text) {
    Path path = readable(text);
    try {
      if (Results.isMarked(path) && Files.isWritable(path)) {
        return path;
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot be read: " + text, e);
    }
    throw new IllegalArgumentException(
        "nothing can be written to it, or it has no marks to write between: " + text);
  }

  private static Path jar(String text) {
    Path jar = readable(text);
    if (!Files.isReadable(Build.of(jar).home().resolve("jvm.options"))) {
      throw new IllegalArgumentException(
          "no packaged sidecar: " + text + " (jvm.options belongs beside its lib folder)");
    }
    return jar;
  }

  private static Path folder(String text) {
    try {
      return Files.createDirectories(Path.of(text)).toRealPath();
    } catch (IOException e) {
      throw new IllegalArgumentException("no such folder, and none can be made: " + text, e);
    }
  }

  /// One thing that is measured.
  public enum Work {
    OTLP,
    DISK,
    ONCE,
    RAW,
    JSON_OTLP,
    JSON,
    NOWHERE,
    SPANS,
    FULL,
    GROWTH,
    LATENCY,
    LAG,
    QUIET,
    START,
    IDLE,
    JMH,
    SOAK,
    SOAK_SLOW;

    /// Its name on the command line.
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Work of(String name) {
      for (Work work : values()) {
        if (work.label().equals(name)) {
          return work;
        }
      }
      throw new IllegalArgumentException("no such work: " + name + " (there are " + names() + ")");
    }

    static String names() {
      return String.join(", ", EnumSet.allOf(Work.class).stream().map(Work::label).toList());
    }
  }
}

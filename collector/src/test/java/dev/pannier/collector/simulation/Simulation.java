package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/// Runs many histories. `./pannier simulate --seeds N [--seed FIRST] [--mode MODE] [--steps N]`:
/// each failure is told with the command that repeats it.
public final class Simulation {
  static final int STEPS = 10_000;
  private static final String USAGE =
      """
      usage: pannier simulate [--seeds N] [--seed FIRST] [--mode MODE] [--steps N]
        --seeds  histories of each mode (default 100)
        --seed   of the first (default 1)
        --mode   memory, disk, once or once_disk (default: each)
        --steps  of a history (default 10000)\
      """;
  private static final int[] BUCKETS = {0, 1, 2, 3, 4, 6, 8, 12, 16, 24};

  /// A history that broke a promise.
  record Failure(long seed, World.Mode mode, int steps, Throwable what) {
    String command() {
      return "./pannier simulate --seeds 1 --seed %d --mode %s --steps %d"
          .formatted(seed, mode.name().toLowerCase(Locale.ROOT), steps);
    }
  }

  /// What many histories were like.
  static final class Totals {
    private final ConcurrentLinkedQueue<int[]> runs = new ConcurrentLinkedQueue<>();
    private final ConcurrentHashMap<String, Integer> deaths = new ConcurrentHashMap<>();
    final ConcurrentLinkedQueue<Failure> failures = new ConcurrentLinkedQueue<>();

    /// In which calls to storage processes died, and how often.
    Map<String, Integer> deaths() {
      return deaths;
    }

    double averageCrashes() {
      return average(0);
    }

    double averageRotations() {
      return average(2);
    }

    double averageSentAgain() {
      return average(4);
    }

    double averageDeadLetters() {
      return average(5);
    }

    double averageFellBack() {
      return average(6);
    }

    double averageDropped() {
      return average(7);
    }

    double averageDeletedFiles() {
      return average(8);
    }

    double averageOversized() {
      return average(9);
    }

    private double average(int column) {
      return runs.stream().mapToInt(run -> run[column]).average().orElse(0);
    }

    String histogram() {
      StringBuilder text = new StringBuilder();
      text.append(String.format("%-22s", "histories with"));
      for (int i = 0; i < BUCKETS.length; i++) {
        boolean last = i == BUCKETS.length - 1;
        int to = last ? 0 : BUCKETS[i + 1] - 1;
        text.append(
            String.format(
                "%8s",
                last ? BUCKETS[i] + "+" : to == BUCKETS[i] ? "" + to : BUCKETS[i] + "-" + to));
      }
      String[] names = {
        "crashes",
        "clean stops",
        "rotations",
        "reloads",
        "requests sent again",
        "dead letters",
        "fell back",
        "dropped",
        "deleted files",
        "oversized lines",
        "unseen rotations"
      };
      for (int column = 0; column < names.length; column++) {
        int[] counts = new int[BUCKETS.length];
        for (int[] run : runs) {
          int bucket = BUCKETS.length - 1;
          while (BUCKETS[bucket] > run[column]) {
            bucket--;
          }
          counts[bucket]++;
        }
        text.append(String.format("%n%-22s", names[column]));
        Arrays.stream(counts).forEach(count -> text.append(String.format("%8d", count)));
        text.append(String.format("   average %.1f", average(column)));
      }
      text.append(String.format("%ndied in"));
      new TreeMap<>(deaths)
          .forEach((call, count) -> text.append(String.format(" %s: %d,", call, count)));
      return text.toString();
    }
  }

  private Simulation() {}

  /// @param most stops after so many failures
  static Totals run(World.Mode mode, long firstSeed, int seeds, int steps, int threads, int most) {
    quiet();
    Totals totals = new Totals();
    AtomicLong next = new AtomicLong(firstSeed);
    Runnable loop =
        () -> {
          for (long seed = next.getAndIncrement();
              seed < firstSeed + seeds && totals.failures.size() < most;
              seed = next.getAndIncrement()) {
            World world = new World(seed, mode, null);
            try {
              world.run(steps);
            } catch (RuntimeException | Error e) {
              totals.failures.add(new Failure(seed, mode, steps, e));
            }
            world.deaths().forEach(call -> totals.deaths.merge(call, 1, Integer::sum));
            totals.runs.add(
                new int[] {
                  world.crashes,
                  world.stops,
                  world.rotations,
                  world.reloads,
                  world.sentAgain(),
                  world.deadLetters(),
                  world.fellBack(),
                  world.dropped(),
                  world.deletedFiles,
                  world.oversized(),
                  world.unseenRotations
                });
          }
        };
    List<Thread> all = new ArrayList<>();
    for (int i = 1; i < threads; i++) {
      all.add(Thread.ofPlatform().start(loop));
    }
    loop.run();
    for (Thread thread : all) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return totals;
  }

  /// Runs histories until one fails. Other class loaders call it, so its types are the JDK's.
  ///
  /// @return the seed, and what was thrown; null if none fails
  public static Map.@Nullable Entry<Long, Throwable> firstFailure(String mode, int seeds) {
    // Each thread ends the history that it has begun, so the least is the first, however many there
    // are.
    int threads = Runtime.getRuntime().availableProcessors();
    return run(World.Mode.valueOf(mode), 1, seeds, STEPS, threads, 1).failures.stream()
        .min(Comparator.comparingLong(Failure::seed))
        .map(first -> Map.entry(first.seed(), first.what()))
        .orElse(null);
  }

  /// Everything that happened in one history, in few bytes.
  public static String fingerprint(String mode, long seed, int steps) {
    quiet();
    String whole =
        story(new Failure(seed, World.Mode.valueOf(mode), steps, new Error()), Integer.MAX_VALUE);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(whole.getBytes(UTF_8));
      return mode + " " + seed + " " + HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// What is logged of simulated failures is nobody's trouble.
  private static void quiet() {
    ((Logger) LoggerFactory.getLogger("dev.pannier")).setLevel(Level.OFF);
  }

  /// The last of what happened before a failure.
  static String story(Failure failure, int lines) {
    List<String> story = new ArrayList<>();
    try {
      new World(failure.seed(), failure.mode(), story).run(failure.steps());
    } catch (RuntimeException | Error e) {
      story.add(e.toString());
    }
    return String.join("\n", story.subList(Math.max(0, story.size() - lines), story.size()));
  }

  /// What a command line asks for.
  ///
  /// @param seeds histories of each mode
  /// @param first the seed of the first
  /// @param steps of a history
  record Asked(int seeds, long first, int steps, List<World.Mode> modes) {
    /// @param arguments as in the description of [Simulation]
    /// @throws IllegalArgumentException where one of them is none of these
    static Asked by(String... arguments) {
      int seeds = 100;
      long first = 1;
      int steps = STEPS;
      List<World.Mode> modes = List.of(World.Mode.values());
      for (int i = 0; i < arguments.length; i += 2) {
        String value = i + 1 < arguments.length ? arguments[i + 1] : "";
        switch (arguments[i]) {
          case "--seeds" -> seeds = Integer.parseInt(value);
          case "--seed" -> first = Long.parseLong(value);
          case "--steps" -> steps = Integer.parseInt(value);
          case "--mode" -> modes = List.of(World.Mode.valueOf(value.toUpperCase(Locale.ROOT)));
          default -> throw new IllegalArgumentException(arguments[i]);
        }
      }
      return new Asked(seeds, first, steps, modes);
    }
  }

  /// @param arguments as in the class's description
  public static void main(String[] arguments) {
    if (List.of(arguments).contains("--help") || List.of(arguments).contains("-h")) {
      System.out.println(USAGE);
      return;
    }
    Asked asked;
    try {
      asked = Asked.by(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println("pannier simulate: " + e.getMessage() + System.lineSeparator() + USAGE);
      System.exit(2);
      return;
    }
    int threads = Runtime.getRuntime().availableProcessors();
    boolean failed = false;
    for (World.Mode mode : asked.modes()) {
      long start = System.nanoTime();
      Totals totals = run(mode, asked.first(), asked.seeds(), asked.steps(), threads, 20);
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "mode %s: %d histories of %d steps in %.1f s, %.0f steps a second%n%s%n",
          mode.name().toLowerCase(Locale.ROOT),
          totals.runs.size(),
          asked.steps(),
          seconds,
          (double) totals.runs.size() * asked.steps() / seconds,
          totals.histogram());
      totals.failures.stream()
          .sorted(Comparator.comparingLong(Failure::seed))
          .forEach(failure -> System.out.println(failure.command() + ": " + failure.what()));
      Failure one = totals.failures.peek();
      if (one != null) {
        failed = true;
        if (asked.seeds() == 1) {
          System.out.println(story(one, Integer.MAX_VALUE));
          one.what().printStackTrace(System.out);
        }
      }
    }
    System.out.println(failed ? "promises were broken, see above" : "no promise was broken");
    System.exit(failed ? 1 : 0);
  }
}

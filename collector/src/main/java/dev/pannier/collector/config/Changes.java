package dev.pannier.collector.config;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Signal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// In what one configuration differs from another.
///
/// @param parts    what is different, in words and without values, which may be secret
/// @param restarts what of it cannot change while the process runs, with what to do; where there is any,
///     nothing of the new configuration is applied: one is valid as a whole
public record Changes(List<String> parts, List<Problem> restarts) {
  private static final String NEEDS_RESTART = "cannot change while the sidecar runs: restart it";

  /// @param file as problems name it
  public static Changes between(Configuration running, Configuration next, String file) {
    List<String> parts = new ArrayList<>();
    part(parts, "resource", running.resource(), next.resource());
    part(parts, "memory", running.memoryBytes(), next.memoryBytes());
    part(parts, "state.directory", running.stateDirectory(), next.stateDirectory());
    each(parts, "source ", running.files(), next.files(), FileSource::name);
    part(parts, "sources.otlp", running.otlp(), next.otlp());
    part(parts, "processors", running.processors(), next.processors());
    part(parts, "buffer", running.buffer(), next.buffer());
    each(parts, "shipper ", running.shippers(), next.shippers(), shipper -> shipper.name());
    for (String name : running.policies().keySet()) {
      String words = "shipper " + name + " changed";
      if (next.policies().containsKey(name)
          && !running.policy(name).equals(next.policy(name))
          && !parts.contains(words)) {
        parts.add(words);
      }
    }
    part(parts, "admin", running.admin(), next.admin());
    part(parts, "shutdown", running.shutdown(), next.shutdown());
    return new Changes(List.copyOf(parts), restarts(running, next, file));
  }

  private static void part(
      List<String> parts, String name, @Nullable Object before, @Nullable Object after) {
    if (!Objects.equals(before, after)) {
      parts.add(name + " changed");
    }
  }

  private static <T> void each(
      List<String> parts, String kind, List<T> before, List<T> after, Function<T, String> name) {
    Map<String, T> old = new LinkedHashMap<>();
    before.forEach(one -> old.put(name.apply(one), one));
    for (T one : after) {
      T was = old.remove(name.apply(one));
      if (was == null) {
        parts.add(kind + name.apply(one) + " added");
      } else if (!was.equals(one)) {
        parts.add(kind + name.apply(one) + " changed");
      }
    }
    old.keySet().forEach(gone -> parts.add(kind + gone + " removed"));
  }

  private static List<Problem> restarts(Configuration running, Configuration next, String file) {
    List<Problem> problems = new ArrayList<>();
    if (running.memoryBytes() != next.memoryBytes()) {
      problems.add(
          new Problem(
              file,
              0,
              "memory",
              "%s, and with -Xmx%dm at least (%s → %s)"
                  .formatted(
                      NEEDS_RESTART,
                      Configuration.heapMib(next.memoryBytes()),
                      Units.write(running.memoryBytes()),
                      Units.write(next.memoryBytes()))));
    }
    directory(problems, file, "state.directory", running.stateDirectory(), next.stateDirectory());
    if (running.namesShippers() && !next.namesShippers()) {
      // So does a file of which only the beginning is there.
      restart(problems, file, "shippers", "named", "as the environment says");
    }
    BufferSettings before = running.buffer();
    BufferSettings after = next.buffer();
    restart(problems, file, "buffer.type", word(before), word(after));
    if (before.type() == BufferSettings.Type.DISK && after.type() == BufferSettings.Type.DISK) {
      directory(problems, file, "buffer.directory", before.directory(), after.directory());
      // What such a shipper sees of the log has to be synced, from the start on.
      for (ShipperSettings shipper : next.shippers()) {
        if (shipper.isExactlyOnce() && exactlyOnce(running, shipper.name()) == null) {
          beginsOnce(problems, file, shipper.name());
        }
      }
    } else {
      positions(problems, running, next, file);
    }
    return List.copyOf(problems);
  }

  /// The destination of one that stored positions under this identity before may be ahead of what is read of files for others.
  /// A batch has to end there, which files are told at the start alone.
  private static void positions(
      List<Problem> problems, Configuration running, Configuration next, String file) {
    for (ShipperSettings shipper : next.shippers()) {
      String name = shipper.name();
      if (!shipper.isExactlyOnce() || !shipper.signals().contains(Signal.LOGS)) {
        continue;
      }
      ShipperSettings was = exactlyOnce(running, name);
      if (was != null && !was.signals().contains(Signal.LOGS)) {
        problems.add(new Problem(file, 0, "shippers." + name + ".signals", NEEDS_RESTART));
      } else if (was == null && keepsIdentity(running, next)) {
        beginsOnce(problems, file, name);
      }
    }
  }

  /// Whether somebody goes on storing positions.
  private static boolean keepsIdentity(Configuration running, Configuration next) {
    return running.shippers().stream()
        .anyMatch(shipper -> shipper.isExactlyOnce() && exactlyOnce(next, shipper.name()) != null);
  }

  private static @Nullable ShipperSettings exactlyOnce(Configuration in, String name) {
    return in.shippers().stream()
        .filter(shipper -> shipper.name().equals(name) && shipper.isExactlyOnce())
        .findFirst()
        .orElse(null);
  }

  private static void beginsOnce(List<Problem> problems, String file, String name) {
    restart(problems, file, "shippers." + name + ".delivery", "at_least_once", "exactly_once");
  }

  private static String word(BufferSettings buffer) {
    return buffer.type() == BufferSettings.Type.DISK ? "disk" : "memory";
  }

  private static void restart(
      List<Problem> problems, String file, String key, String before, String after) {
    if (!before.equals(after)) {
      problems.add(new Problem(file, 0, key, NEEDS_RESTART + " (" + before + " → " + after + ")"));
    }
  }

  /// A path may come from a mounted secret, and is not shown.
  private static void directory(
      List<Problem> problems, String file, String key, Path before, Path after) {
    if (!before.equals(after)) {
      problems.add(new Problem(file, 0, key, NEEDS_RESTART));
    }
  }
}

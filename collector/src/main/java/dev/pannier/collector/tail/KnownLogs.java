package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Logs of one folder, found by the names that rotation makes of theirs: all of these begin with the log's name, or with what it has before its
/// extension. So a file is compared with those few whose beginning its name has, however many logs and files there are. One thread.
final class KnownLogs {
  private final Set<Path> all = new HashSet<>();
  private final Map<String, List<Path>> byBeginning = new HashMap<>();

  void add(Path log) {
    if (all.add(log)) {
      byBeginning.computeIfAbsent(beginning(log), any -> new ArrayList<>(1)).add(log);
    }
  }

  private static String beginning(Path log) {
    String name = String.valueOf(log.getFileName());
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  boolean contains(Path path) {
    return all.contains(path);
  }

  Set<Path> all() {
    return all;
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  void removeIf(Predicate<Path> which) {
    if (all.removeIf(which)) {
      byBeginning.values().forEach(logs -> logs.removeIf(which));
      byBeginning.values().removeIf(List::isEmpty);
    }
  }

  /// From whose name a file's is made: of several, the longest.
  @Nullable Path rotatedTo(Path file) {
    String name = String.valueOf(file.getFileName());
    Path longest = null;
    for (int end = 1; end <= name.length(); end++) {
      for (Path log : byBeginning.getOrDefault(name.substring(0, end), List.of())) {
        if ((longest == null || log.toString().length() > longest.toString().length())
            && RotatedNames.isPerhapsRotated(file, log)) {
          longest = log;
        }
      }
    }
    return longest;
  }
}

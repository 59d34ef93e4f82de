package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/// Tells what cannot be read in the log, once, when it is first met; `/status` has it as long as it
/// lasts.
final class ProblemLog {
  /// Thousands of files may become unreadable together.
  static final int MOST_AT_ONCE = 10;

  private final Consumer<String> notice;
  private Map<Path, String> told = Map.of();

  ProblemLog(Consumer<String> notice) {
    this.notice = notice;
  }

  /// @param problems all that there are now
  void tell(Map<Path, String> problems) {
    int fresh = 0;
    for (Map.Entry<Path, String> problem : problems.entrySet()) {
      if (problem.getValue().equals(told.get(problem.getKey()))) {
        continue;
      }
      fresh++;
      if (fresh <= MOST_AT_ONCE) {
        notice.accept(problem.getKey() + ": " + problem.getValue());
      }
    }
    if (fresh > MOST_AT_ONCE) {
      notice.accept(fresh - MOST_AT_ONCE + " more files cannot be read: /status names them");
    }
    told = Map.copyOf(problems);
  }
}

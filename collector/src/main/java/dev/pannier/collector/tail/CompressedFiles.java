package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Gzip'd files that a source takes and of which nothing is read, since what is in them is no part of a log that is known: each is told once in the
/// log, and `/status` has it as long as it is there. One thread.
final class CompressedFiles {
  static final String WHY =
      "compressed, and begins like no log that is known: only what is left of such a one is read"
          + " from a .gz (exclude may name it)";

  private final Consumer<String> notice;
  private final Map<FileKey, Path> all = new HashMap<>();
  private final List<String> untold = new ArrayList<>();

  CompressedFiles(Consumer<String> notice) {
    this.notice = notice;
  }

  void add(Discovery.Found found) {
    if (all.put(found.place(), found.path()) == null) {
      untold.add(found.path() + ": " + found.sizeBytes() + " bytes are not read: " + WHY);
    }
  }

  boolean contains(FileKey place) {
    return all.containsKey(place);
  }

  void tell() {
    untold.stream().limit(ProblemLog.MOST_AT_ONCE).forEach(notice);
    if (untold.size() > ProblemLog.MOST_AT_ONCE) {
      notice.accept(
          untold.size()
              - ProblemLog.MOST_AT_ONCE
              + " more compressed files are not read: /status names them");
    }
    untold.clear();
  }

  /// @param there whether there is a file
  /// @param sees  whether anything can be said of a path
  void forget(Predicate<FileKey> there, Predicate<Path> sees) {
    all.entrySet().removeIf(file -> !there.test(file.getKey()) && sees.test(file.getValue()));
  }
}

package dev.pannier.collector.config;

import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// The files and templates of files that shippers write, of which each has one writer: who has opened it holds its lock.
final class WrittenFiles {
  private final Map<Path, String> writers = new HashMap<>();

  /// @param value names them
  void add(Value value, Collection<Path> files) {
    String writer = null;
    for (Path file : files) {
      String other = writers.putIfAbsent(file.normalize(), value.path());
      writer = other == null || other.equals(value.path()) ? writer : other;
    }
    if (writer != null) {
      value.problem("is written by " + writer + " already: a file each");
    }
  }
}

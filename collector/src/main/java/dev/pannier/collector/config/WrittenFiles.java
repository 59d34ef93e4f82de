package dev.pannier.collector.config;

import dev.pannier.shippers.file.OutputFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The files and templates of files that shippers write, of which each has one writer: who has opened it holds its lock, and what is one
/// of a template's is deleted with them.
final class WrittenFiles {
  private record Group(String writer, Predicate<Path> contains) {}

  private final Map<Path, String> writers = new HashMap<>();
  private final List<Group> groups = new ArrayList<>();

  /// @param value names it
  void add(Value value, Path file) {
    add(value, List.of(file), any -> false);
  }

  /// @param value names them
  void add(Value value, OutputFiles files) {
    add(value, files.paths().values().stream().map(Path::of).toList(), files::contains);
  }

  private void add(Value value, Collection<Path> files, Predicate<Path> contains) {
    String name = value.path();
    String writer = null;
    for (Path file : files) {
      Path one = file.normalize();
      String other = writer(one);
      writers.putIfAbsent(one, name);
      writer = other == null || other.equals(name) ? writer : other;
    }
    for (Map.Entry<Path, String> one : writers.entrySet()) {
      if (!one.getValue().equals(name) && contains.test(one.getKey())) {
        writer = one.getValue();
      }
    }
    groups.add(new Group(name, contains));
    if (writer != null) {
      value.problem("is written by " + writer + " already: a file each");
    }
  }

  private @Nullable String writer(Path file) {
    String writer = writers.get(file);
    for (Group group : groups) {
      if (writer == null && group.contains().test(file)) {
        writer = group.writer();
      }
    }
    return writer;
  }
}

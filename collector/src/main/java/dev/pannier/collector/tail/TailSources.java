package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.SavedGeneration;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The sources that there are now, and which of them a file belongs to. One thread.
final class TailSources {
  private List<TailSource> all;

  TailSources(List<TailSource> all) {
    this.all = all;
  }

  void change(List<TailSource> other) {
    all = List.copyOf(other);
  }

  List<TailSource> all() {
    return all;
  }

  /// The first that takes a path.
  @Nullable TailSource taking(Path path) {
    for (TailSource source : all) {
      if (source.globs.matches(path)) {
        return source;
      }
    }
    return null;
  }

  /// Whose an open file is now.
  @Nullable TailSource successor(TailedFile file) {
    if (all.contains(file.source)) {
      return file.source;
    }
    TailSource taking = taking(file.path);
    return taking == null && file.detached ? named(file.source.name()) : taking;
  }

  /// The one that takes its path: its own, or another where that has another name or other files now.
  ///
  /// @param path the generation's
  @Nullable TailSource of(SavedGeneration saved, Path path) {
    TailSource own = named(saved.source());
    return own != null && own.globs.matches(path) ? own : taking(path);
  }

  private @Nullable TailSource named(String name) {
    for (TailSource source : all) {
      if (source.name().equals(name)) {
        return source;
      }
    }
    return null;
  }

  /// The folders from which a source's files are looked for; all sources' for an empty name.
  List<Path> roots(String name) {
    return all.stream()
        .filter(source -> name.isEmpty() || source.name().equals(name))
        .flatMap(source -> source.globs.roots().stream())
        .distinct()
        .toList();
  }
}

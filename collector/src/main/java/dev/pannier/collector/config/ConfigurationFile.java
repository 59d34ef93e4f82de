package dev.pannier.collector.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the configuration comes from, watched while the sidecar runs. Its bytes are what counts, read anew
/// each time and by its path: whatever an editor, `kubectl` or a ConfigMap's swapped link does to the file
/// shows, and a new time of change alone does not. What is no file, a pipe or `/dev/stdin`, gives its bytes once, so
/// it stays what it was. One thread.
public final class ConfigurationFile {
  private final @Nullable Path path;
  private final Map<String, String> environment;
  private final boolean readsOnce;

  /// As it was when it was loaded last; null before.
  private @Nullable FileLook loaded;

  /// As it was at the last look.
  private FileLook seen = FileLook.NONE;

  /// @param path        null for none: the defaults and the environment alone, which never change
  /// @param environment as `System.getenv()` gives it
  public ConfigurationFile(@Nullable Path path, Map<String, String> environment) {
    this.path = path;
    this.environment = environment;
    readsOnce =
        path == null
            || (Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path));
  }

  /// Reads the whole configuration.
  public Loaded load() {
    FileLook look = look();
    loaded = look;
    seen = look;
    return ConfigurationLoader.load(path, look, environment);
  }

  /// Looks whether the file has changed since it was loaded. One that is being written is waited for: it has to
  /// look the same twice in a row, so what changes several times between is one change.
  public boolean hasChanged() {
    FileLook now = look();
    boolean same = now.sameAs(seen);
    seen = now;
    return same && loaded != null && !now.sameAs(loaded);
  }

  /// What is wrong with a file that was loaded and has no keys; null where it has some, or there is none. Those who write it may have emptied
  /// it and got no further, and what it redacts must not be shipped meanwhile.
  public @Nullable Problem emptied() {
    FileLook look = loaded;
    return path == null || look == null || ConfigurationLoader.hasKeys(look)
        ? null
        : problem("file", "has no keys; to run by the defaults, leave --config out");
  }

  /// What is wrong with what it says under a key, though it can be read.
  public Problem problem(String key, String message) {
    return located(new Problem(toString(), 0, key, message));
  }

  /// The same problem with its key's line, where the file that was loaded has the key.
  public Problem located(Problem problem) {
    FileLook look = loaded;
    int line =
        look == null || path == null || !look.problem().isEmpty()
            ? 0
            : ConfigurationLoader.line(look, problem.key());
    return new Problem(problem.file(), line, problem.key(), problem.message());
  }

  /// As it is told.
  @Override
  public String toString() {
    return path == null ? "defaults" : path.toString();
  }

  /// A file that is missing or cannot be read is a change, too, which loading explains.
  private FileLook look() {
    if (path == null) {
      return FileLook.NONE;
    }
    FileLook before = loaded;
    return readsOnce && before != null ? before : FileLook.at(path);
  }
}

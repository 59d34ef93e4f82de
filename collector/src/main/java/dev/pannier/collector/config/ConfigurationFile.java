package dev.pannier.collector.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the configuration comes from, watched while the sidecar runs. Its bytes are what counts, read anew
/// each time and by its path: whatever an editor, `kubectl` or a ConfigMap's swapped link does to the file
/// shows, and a new time of change alone does not. One thread.
public final class ConfigurationFile {
  private static final byte[] NOTHING = {};

  private final @Nullable Path path;
  private final Map<String, String> environment;

  /// As it was when it was loaded last.
  private byte[] loaded = NOTHING;

  /// As it was at the last look.
  private byte[] seen = NOTHING;

  /// @param path        null for none: the defaults and the environment alone, which never change
  /// @param environment as `System.getenv()` gives it
  public ConfigurationFile(@Nullable Path path, Map<String, String> environment) {
    this.path = path;
    this.environment = environment;
  }

  /// Reads the whole configuration.
  public Loaded load() {
    // Before: what is written meanwhile is a change.
    loaded = read();
    seen = loaded;
    return ConfigurationLoader.load(path, environment);
  }

  /// Looks whether the file has changed since it was loaded. One that is being written is waited for: it has to
  /// look the same twice in a row, so what changes several times between is one change.
  public boolean hasChanged() {
    byte[] now = read();
    boolean same = Arrays.equals(now, seen);
    seen = now;
    return same && !Arrays.equals(now, loaded);
  }

  /// As it is told.
  @Override
  public String toString() {
    return path == null ? "defaults" : path.toString();
  }

  /// A file that is missing or cannot be read has no bytes: that is a change, too, which loading
  /// explains. What is beyond the limit is refused, so it need not be told apart.
  private byte[] read() {
    if (path == null) {
      return NOTHING;
    }
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(ConfigurationLoader.MAX_FILE_BYTES + 1);
    } catch (IOException e) {
      return NOTHING;
    }
  }
}

package dev.pannier.shippers.kafka;

import dev.pannier.shippers.FileVersion;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The files that a client's properties name (`ssl.keystore.location`), as they were: Kafka's client reads them once, and
/// they are renewed under the same name.
final class NamedFiles {
  private static final String SUFFIX = ".location";

  private final Map<String, String> seen = new HashMap<>();

  /// As they are now.
  NamedFiles(Map<String, Object> properties) {
    properties.forEach(
        (name, value) -> {
          String path = String.valueOf(value);
          String state = name.endsWith(SUFFIX) ? state(path) : null;
          if (state != null) {
            seen.put(path, state);
          }
        });
  }

  /// Whether any is another by now. One that is not there is about to be renewed.
  boolean haveChanged() {
    for (Map.Entry<String, String> file : seen.entrySet()) {
      String now = state(file.getKey());
      if (now != null && !now.equals(file.getValue())) {
        return true;
      }
    }
    return false;
  }

  /// @return null where there is none
  private static @Nullable String state(String path) {
    try {
      return FileVersion.of(Path.of(path));
    } catch (InvalidPathException e) {
      return null;
    }
  }
}

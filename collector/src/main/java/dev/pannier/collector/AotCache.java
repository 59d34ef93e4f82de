package dev.pannier.collector;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells when the JVM was given an AOT cache and does not use it: it passes over one that was made
/// with other options, another JDK or other jars, and only the start takes longer.
final class AotCache {
  /// The cache's path, beside `-XX:AOTCache`, whose value the JVM does not tell.
  static final String PROPERTY = "pannier.aot.cache";

  private static final Path MAPPINGS = Path.of("/proc/self/maps");
  private static final Logger LOG = LoggerFactory.getLogger(AotCache.class);

  private AotCache() {}

  static void check() {
    String cache = System.getProperty(PROPERTY, "");
    if (cache.isEmpty() || !Files.isReadable(MAPPINGS)) {
      return;
    }
    try {
      if (!isMapped(Path.of(cache).toRealPath().toString())) {
        LOG.warn(
            "the AOT cache {} is not used, and the start takes more than twice as long: it was made"
                + " with other JVM options, another JDK or other jars; make it anew, or leave it"
                + " out",
            cache);
      }
    } catch (IOException e) {
      LOG.warn("the AOT cache {} is not used: {}", cache, e.toString());
    }
  }

  private static boolean isMapped(String path) throws IOException {
    for (String mapping : Files.readAllLines(MAPPINGS)) {
      if (mapping.endsWith(path)) {
        return true;
      }
    }
    return false;
  }
}

package dev.pannier.collector;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells when the JVM was given an AOT cache and does not use it: it passes over one that was made
/// with other options or another JDK, and only the start takes longer. Of jars JDK 25 looks at none
/// (JDK-8377932): it takes a class from the cache though its jar has another one by now.
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
                + " with other JVM options or another JDK; make it anew, or leave it out",
            cache);
        return;
      }
      Optional<Path> younger = youngerJar(Path.of(cache));
      if (younger.isPresent()) {
        LOG.error(
            "the AOT cache {} is older than {}, and the JVM runs the classes that the cache was"
                + " made of: make it anew, or leave it out",
            cache,
            younger.get());
      }
    } catch (IOException e) {
      LOG.warn("the AOT cache {} is not used: {}", cache, e.toString());
    }
  }

  /// Looks at the jars beside the one that was started.
  private static Optional<Path> youngerJar(Path cache) throws IOException {
    FileTime made = Files.getLastModifiedTime(cache);
    Path started = Path.of(System.getProperty("java.class.path")).toAbsolutePath();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(started.resolveSibling(""), "*.jar")) {
      for (Path jar : jars) {
        if (Files.getLastModifiedTime(jar).compareTo(made) > 0) {
          return Optional.of(jar);
        }
      }
    }
    return Optional.empty();
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

package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;

/// The images of Pods beside [SidecarImage].
final class PodImages {
  private PodImages() {}

  /// [PodApplication] and [PodKill], with the libraries that the broker's image has.
  static String application() throws Exception {
    Path folder = Path.of("dev/pannier/integration");
    Path all =
        Path.of(PodApplication.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Path> classes;
    try (var files = Files.list(all.resolve(folder))) {
      classes =
          files
              .filter(file -> file.getFileName().toString().matches("Pod(Application|Kill).*"))
              .sorted()
              .toList();
    }
    String dockerfile =
        """
        FROM %s
        COPY classes /opt/broker/classes
        USER 1000:1000
        ENTRYPOINT ["/opt/java/bin/java", "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", \
        "--enable-native-access=ALL-UNNAMED", "-cp", "/opt/broker/classes:/opt/broker/lib/*", \
        "dev.pannier.integration.PodApplication"]
        """
            .formatted(BrokerImage.built());
    CRC32 sum = new CRC32();
    sum.update(dockerfile.getBytes(UTF_8));
    for (Path file : classes) {
      sum.update(Files.readAllBytes(file));
    }
    // Another folder's tests may be using theirs.
    String repository =
        "localhost/pannier-test-application-" + SidecarImage.sum(Tree.root().toString());
    String name = repository + ":" + Long.toHexString(sum.getValue());
    build(name, dockerfile, classes, folder);
    SidecarImage.removeOthers(repository, name);
    return name;
  }

  /// What runs [PodKill] in the application's container.
  static List<String> kill(String text) {
    return List.of(
        "/opt/java/bin/java",
        "-Xmx32m",
        "-XX:+UseSerialGC",
        "-cp",
        "/opt/broker/classes",
        PodKill.class.getName(),
        text);
  }

  /// What an upgrade begins with: the sidecar's image, or an older one that `-Dpannier.test.older.image` names.
  static String olderSidecar() throws Exception {
    String named = System.getProperty("pannier.test.older.image");
    return named == null ? SidecarImage.built() : named;
  }

  /// The sidecar's image once more, as another one.
  static String nextSidecar() throws Exception {
    String name = SidecarImage.built() + "-next";
    build(
        name, "FROM %s\nLABEL next=true\n".formatted(SidecarImage.built()), List.of(), Path.of(""));
    return name;
  }

  private static void build(String name, String dockerfile, List<Path> classes, Path folder)
      throws Exception {
    if (BrokerImage.isThere(name)) {
      return;
    }
    Path context = Files.createTempDirectory("pannier-image");
    try {
      Path to = Files.createDirectories(context.resolve("classes").resolve(folder));
      for (Path file : classes) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
      Files.writeString(context.resolve("Dockerfile"), dockerfile);
      BrokerImage.run("podman", "build", "--network=none", "--tag", name, context.toString());
    } finally {
      BrokerImage.remove(context);
    }
  }
}

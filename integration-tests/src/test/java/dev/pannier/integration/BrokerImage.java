package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.BuildImageResultCallback;
import com.github.dockerjava.api.exception.NotFoundException;
import dev.pannier.demo.BrokerMain;
import dev.pannier.demo.Demo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;

/// The broker's image, built without any registry: from nothing, a runtime that jlink makes of this
/// JDK, the C libraries that it needs, and the broker's jars.
final class BrokerImage {
  private static final String MODULES =
      "java.base,java.compiler,java.desktop,java.logging,java.management,java.naming,java.net.http,java.rmi,"
          + "java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.management,jdk.net,jdk.unsupported";
  private static final Pattern LIBRARY = Pattern.compile("(/\\S+) \\(0x");

  private static @Nullable String built;

  private BrokerImage() {}

  /// Whether a container engine answers; a condition of tests.
  static boolean engineAnswers() {
    return DockerClientFactory.instance().isDockerAvailable();
  }

  /// The image's name. It is built once for what is in it.
  static synchronized String built() throws Exception {
    if (built == null) {
      Path demo = Demo.home().resolve("../../../integration-tests/target").normalize();
      String name = "localhost/pannier-test-broker:" + version(demo.resolve("demo/lib"));
      DockerClient engine = DockerClientFactory.instance().client();
      if (!isThere(name)) {
        Path folder = Files.createTempDirectory(demo, "image");
        try {
          fill(folder, demo.resolve("demo/lib"));
          engine
              .buildImageCmd(folder.toFile())
              .withTags(Set.of(name))
              .exec(new BuildImageResultCallback())
              .awaitImageId(5, TimeUnit.MINUTES);
        } finally {
          remove(folder);
        }
      }
      built = name;
    }
    return built;
  }

  /// Whether the engine has an image of this name.
  static boolean isThere(String name) {
    // A list of all fails while another test removes one.
    try {
      DockerClientFactory.instance().client().inspectImageCmd(name).exec();
      return true;
    } catch (NotFoundException e) {
      return false;
    }
  }

  private static String version(Path jars) throws Exception {
    CRC32 sum = new CRC32();
    sum.update(System.getProperty("java.runtime.version").getBytes(UTF_8));
    try (Stream<Path> files = Files.list(jars)) {
      for (Path jar : files.sorted().toList()) {
        sum.update(jar.getFileName().toString().getBytes(UTF_8));
      }
    }
    sum.update(Files.readAllBytes(classes().resolve("dev/pannier/demo/BrokerMain.class")));
    return Long.toHexString(sum.getValue());
  }

  private static Path classes() throws Exception {
    return Path.of(BrokerMain.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  /// ```
  /// Dockerfile
  /// root/opt/java/…  opt/broker/lib/*.jar  opt/broker/classes/…  lib/…  lib64/…  tmp/
  /// ```
  private static void fill(Path folder, Path jars) throws Exception {
    Path root = Files.createDirectories(folder.resolve("root"));
    Path java = root.resolve("opt/java");
    Path home = Path.of(System.getProperty("java.home"));
    run(
        home.resolve("bin/jlink").toString(),
        "--add-modules",
        MODULES,
        "--strip-debug",
        "--no-header-files",
        "--no-man-pages",
        "--output",
        java.toString());
    copy(jars, root.resolve("opt/broker/lib"));
    Path main = root.resolve("opt/broker/classes/dev/pannier/demo");
    Files.createDirectories(main);
    Files.copy(
        classes().resolve("dev/pannier/demo/BrokerMain.class"), main.resolve("BrokerMain.class"));
    List<Path> binaries = new ArrayList<>(List.of(java.resolve("bin/java")));
    try (Stream<Path> files = Files.walk(java.resolve("lib"))) {
      binaries.addAll(files.filter(file -> file.toString().endsWith(".so")).toList());
    }
    libraries(binaries, root);
    Files.createDirectories(root.resolve("tmp"));
    Files.writeString(Files.createDirectories(root.resolve("etc")).resolve("hosts"), "");
    Files.writeString(
        folder.resolve("Dockerfile"),
        """
        FROM scratch
        COPY root /
        ENTRYPOINT ["/opt/java/bin/java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", \
        "-cp", "/opt/broker/classes:/opt/broker/lib/*", "dev.pannier.demo.BrokerMain"]
        """);
  }

  /// This system's shared libraries that binaries of a runtime need, at the paths where it has them.
  ///
  /// @param binaries the first is `bin/java`
  static void libraries(List<Path> binaries, Path root) throws Exception {
    Path java = binaries.getFirst().resolve("../..").normalize();
    Set<Path> needed = new TreeSet<>();
    for (Path binary : binaries) {
      Matcher library = LIBRARY.matcher(run("ldd", binary.toString()));
      while (library.find()) {
        Path path = Path.of(library.group(1));
        if (!path.startsWith(java)) {
          needed.add(path);
        }
      }
    }
    for (Path library : needed) {
      Path to = root.resolve(library.toString().substring(1));
      Files.createDirectories(to.getParent());
      Files.copy(library, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  /// Runs a program to its end.
  ///
  /// @return what it wrote
  /// @throws IllegalStateException if it fails, with what it wrote
  static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  static void remove(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
          path.toFile().setWritable(true);
          Files.delete(path);
        }
      }
    }
  }
}

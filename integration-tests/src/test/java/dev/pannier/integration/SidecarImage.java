package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Demo;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;

/// The sidecar's own image, as `deploy/Dockerfile` makes it of what Maven has packaged. No registry is asked: it is built in
/// this system's own `/usr` and with the JDK at hand, which podman mounts, and stands on this system's C library.
final class SidecarImage {
  private static final String LABEL = "dev.pannier.test=image";

  /// What the Dockerfile reads, beside the jars.
  private static final List<String> FILES =
      List.of("deploy/Dockerfile", "deploy/image/pannier.yaml", ".dockerignore");

  /// Why tests are skipped where it cannot be built.
  static final String MISSING =
      "no podman on the PATH whose service answers (`podman system service`, DOCKER_HOST): it"
          + " builds the images, see .ci/run";

  private static @Nullable String built;

  private SidecarImage() {}

  /// Whether podman is there to build it, and is the engine that the containers run in; a condition of tests.
  static boolean canBeBuilt() {
    return ChildProcess.find(List.of("podman")).isPresent()
        && BrokerImage.engineAnswers()
        && DockerClientFactory.instance().client().versionCmd().exec().getComponents().stream()
            .anyMatch(component -> component.getName().contains("Podman"));
  }

  /// The image's name. It is built once for what is in it; those of earlier builds of the same folder are removed.
  static synchronized String built() throws Exception {
    if (built == null) {
      String repository = "localhost/pannier-test-sidecar-" + sum(Tree.root().toString());
      String name = repository + ":" + contents();
      if (!BrokerImage.isThere(name)) {
        build("deploy/Dockerfile", name);
        removeOthers(repository, name);
      }
      built = name;
    }
    return built;
  }

  /// Builds what a Dockerfile of `deploy` says.
  static void build(String dockerfile, String name) throws Exception {
    Path folder = Files.createTempDirectory("pannier-image");
    String base = name + "-base";
    String tools = name + "-tools";
    try {
      base(folder.resolve("base"), base);
      tools(folder.resolve("tools"), tools);
      List<String> command = new ArrayList<>(podman());
      command.addAll(List.of("--layers=false", "--timestamp", "0"));
      // Said here, so that the engine does not raise the limits above its own: it may not be
      // allowed to.
      command.addAll(List.of("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"));
      for (String mounted : mounted()) {
        command.addAll(List.of("--volume", mounted + ":" + mounted + ":ro"));
      }
      command.addAll(List.of("--build-arg", "BUILD=" + tools, "--build-arg", "BASE=" + base));
      command.addAll(List.of("--build-arg", "MAVEN=true", "--tag", name));
      command.addAll(List.of("--file", Tree.root().resolve(dockerfile).toString()));
      command.add(Tree.root().toString());
      BrokerImage.run(command.toArray(String[]::new));
    } finally {
      BrokerImage.remove(folder);
      BrokerImage.run("podman", "rmi", "--ignore", "--force", base, tools);
    }
  }

  private static List<String> podman() {
    return List.of("podman", "build", "--network=none", "--label", LABEL);
  }

  private static void image(Path folder, String name, String dockerfile) throws Exception {
    Files.writeString(folder.resolve("Dockerfile"), dockerfile);
    List<String> command = new ArrayList<>(podman());
    command.addAll(List.of("--tag", name, folder.toString()));
    BrokerImage.run(command.toArray(String[]::new));
  }

  /// Nothing but the C library, and not even a folder for temporary files.
  private static void base(Path folder, String name) throws Exception {
    Path root = Files.createDirectories(folder.resolve("root"));
    Path java = java();
    BrokerImage.libraries(
        List.of(
            java.resolve("bin/java"),
            java.resolve("lib/server/libjvm.so"),
            java.resolve("lib/libnet.so")),
        root);
    Path etc = Files.createDirectories(root.resolve("etc"));
    Files.writeString(etc.resolve("passwd"), "nonroot:x:65532:65532::/:/sbin/nologin\n");
    Files.writeString(etc.resolve("group"), "nonroot:x:65532:\n");
    image(folder, name, "FROM scratch\nCOPY root /\n");
  }

  /// The links to `/usr` that this system has in its root; `/usr` itself is mounted.
  private static void tools(Path folder, String name) throws Exception {
    Path root = Files.createDirectories(folder.resolve("root"));
    Files.createDirectories(root.resolve("tmp"));
    for (String link : List.of("bin", "sbin", "lib", "lib64")) {
      Path here = Path.of("/", link);
      if (Files.isSymbolicLink(here)) {
        Files.createSymbolicLink(root.resolve(link), Files.readSymbolicLink(here));
      }
    }
    image(
        folder,
        name,
        "FROM scratch\nCOPY root /\nENV JAVA_HOME=%1$s PATH=%1$s/bin:/usr/bin:/bin\n"
            .formatted(java()));
  }

  private static List<String> mounted() throws Exception {
    List<String> folders = new ArrayList<>(List.of("/usr"));
    for (String folder : List.of("/bin", "/lib", "/lib64")) {
      if (Files.isDirectory(Path.of(folder), LinkOption.NOFOLLOW_LINKS)) {
        folders.add(folder);
      }
    }
    // Distributions link a JDK's certificates to their own.
    for (Path used :
        List.of(java(), java().resolve("lib/security/cacerts").toRealPath().getParent())) {
      if (folders.stream().noneMatch(used::startsWith)) {
        folders.add(used.toString());
      }
    }
    return folders;
  }

  private static Path java() throws Exception {
    return Path.of(System.getProperty("java.home")).toRealPath();
  }

  private static String contents() throws Exception {
    CRC32 sum = new CRC32();
    sum.update(System.getProperty("java.runtime.version").getBytes(UTF_8));
    for (String file : FILES) {
      sum.update(Files.readAllBytes(Tree.root().resolve(file)));
    }
    Path home = Demo.home().normalize();
    for (String file : List.of("jvm.options", "options.sh", "modules")) {
      sum.update(Files.readAllBytes(home.resolve(file)));
    }
    try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
      for (Path jar : jars.sorted().toList()) {
        sum.update(Files.readAllBytes(jar));
      }
    }
    return Long.toHexString(sum.getValue());
  }

  /// Tells the folders of this machine apart, each of which has images of its own.
  static String sum(String text) {
    CRC32 sum = new CRC32();
    sum.update(text.getBytes(UTF_8));
    return Long.toHexString(sum.getValue());
  }

  /// But for those that a container still uses.
  static void removeOthers(String repository, String name) throws Exception {
    String format = "{{.Repository}}:{{.Tag}}";
    for (String other :
        BrokerImage.run("podman", "images", "--format", format, repository).split("\n", -1)) {
      if (other.startsWith(repository + ":") && !other.equals(name)) {
        new ProcessBuilder("podman", "rmi", other).start().waitFor();
      }
    }
  }
}

package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.demo.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// An OpenTelemetry SDK of another language, and two small programs that use it: a client of the SDK's own exporters alone, and an
/// application that logs by the language's usual libraries, too. Their source is in `src/test/LANGUAGE`, with every version pinned;
/// what is fetched and built is in `target/clients/LANGUAGE`, and is used again for as long as what is pinned is the same.
enum OtherSdk {
  /// grpc-go and net/http.
  GO {
    @Override
    List<String> program(String name) throws Exception {
      // A toolchain that is too old says so; it does not fetch another.
      Map<String, String> environment = Map.of("GOTOOLCHAIN", "local", "GOFLAGS", "-mod=readonly");
      fetch(List.of("go", "mod", "download", "-C", source().toString()), environment);
      Path built = folder().resolve(name);
      String main = name.equals(CLIENT) ? "." : "./" + name;
      run(
          "build",
          List.of("go", "build", "-C", source().toString(), "-o", built.toString(), main),
          environment);
      return List.of(built.toString());
    }
  },

  /// gRPC's C core and requests.
  PYTHON {
    @Override
    List<String> program(String name) throws Exception {
      Path pinned = source().resolve("requirements.txt");
      Path python = folder().resolve("venv/bin/python");
      if (isNew(pinned)) {
        fetch(List.of("python3", "-m", "venv", "--clear", folder() + "/venv"), Map.of());
        fetch(
            List.of(
                python.toString(),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-input",
                "--disable-pip-version-check",
                "--only-binary",
                ":all:",
                "-r",
                pinned.toString()),
            Map.of());
        fetched(pinned);
      }
      return List.of(python.toString(), source().resolve(name + ".py").toString());
    }
  },

  /// gRPC in JavaScript and Node's own HTTP.
  NODE {
    @Override
    List<String> program(String name) throws Exception {
      // Node looks for modules beside the source.
      for (String each : List.of(".npmrc", "package.json", "package-lock.json", name + ".js")) {
        Files.copy(
            source().resolve(each), folder().resolve(each), StandardCopyOption.REPLACE_EXISTING);
      }
      Path pinned = source().resolve("package-lock.json");
      if (isNew(pinned)) {
        fetch(
            List.of(
                "npm",
                "ci",
                "--prefix",
                folder().toString(),
                "--ignore-scripts",
                "--no-audit",
                "--no-fund"),
            Map.of());
        fetched(pinned);
      }
      return List.of("node", folder().resolve(name + ".js").toString());
    }
  };

  private static final String CLIENT = "client";

  private static final Duration PATIENCE = Duration.ofMinutes(4);

  abstract List<String> program(String name) throws Exception;

  /// Fetches and builds what is missing. Where the language is missing or a package is not had, the
  /// test is skipped.
  ///
  /// @return the client; it takes the addresses of gRPC and HTTP, and how many records
  List<String> client() throws Exception {
    return prepared(CLIENT);
  }

  /// The same for the application.
  ///
  /// @return it takes which library it is to use, where it tells what it logs and sends, and how many records
  List<String> application() throws Exception {
    return prepared("application");
  }

  private synchronized List<String> prepared(String name) throws Exception {
    assumeThere();
    return program(name);
  }

  private void assumeThere() {
    List<String> tools =
        switch (this) {
          case GO -> List.of("go");
          case PYTHON -> List.of("python3");
          case NODE -> List.of("node", "npm");
        };
    for (String tool : tools) {
      assumeTrue(ChildProcess.find(List.of(tool)).isPresent(), "skipped: no " + tool + " on PATH");
    }
  }

  /// What the client's ids begin with: language, protocol and compression.
  List<String> ways() {
    List<String> protocols =
        switch (this) {
          case GO, PYTHON -> List.of("grpc", "http-protobuf");
          case NODE -> List.of("grpc", "http-protobuf", "http-json");
        };
    return protocols.stream()
        .map(protocol -> language() + "." + protocol)
        .flatMap(way -> Stream.of(way + ".none", way + ".gzip"))
        .toList();
  }

  Path source() {
    return Tree.root().resolve("integration-tests/src/test").resolve(language());
  }

  Path folder() throws IOException {
    return Files.createDirectories(
        Tree.root().resolve("integration-tests/target/clients").resolve(language()));
  }

  private String language() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean isNew(Path pinned) throws IOException {
    Path fetched = folder().resolve("fetched");
    return !Files.exists(fetched) || Files.mismatch(fetched, pinned) >= 0;
  }

  void fetched(Path pinned) throws IOException {
    Files.copy(pinned, folder().resolve("fetched"), StandardCopyOption.REPLACE_EXISTING);
  }

  void fetch(List<String> command, Map<String, String> environment) throws Exception {
    Files.deleteIfExists(folder().resolve("fetched"));
    try (ChildProcess fetch = ChildProcess.start("fetch", folder(), command, environment)) {
      boolean ended = true;
      int code = -1;
      try {
        code = fetch.await(PATIENCE);
      } catch (IllegalStateException e) {
        ended = false;
      }
      assumeTrue(
          ended && code == 0,
          "skipped: %s: %s"
              .formatted(
                  String.join(" ", command),
                  ended ? fetch.lastWords() : "not done within " + PATIENCE));
    }
  }

  void run(String name, List<String> command, Map<String, String> environment) throws Exception {
    try (ChildProcess build = ChildProcess.start(name, folder(), command, environment)) {
      int code = build.await(PATIENCE);
      assertThat(code).as(build.lastWords()).isZero();
    }
  }
}

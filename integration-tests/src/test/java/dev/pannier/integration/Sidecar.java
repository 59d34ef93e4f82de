package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Demo;
import dev.pannier.demo.Packaged;
import dev.pannier.demo.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// The packaged sidecar under test: its configuration file, its folders, and its process, which may
/// be stopped and started again.
///
/// ```
/// FOLDER/pannier.yaml  state/  logs/  run1.out  run1.err  run2.out …
/// ```
final class Sidecar implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final Path folder;
  private final Path logs;
  private final int grpc;
  private final int http;
  private int admin;
  private @Nullable Path sample;
  private Map<String, String> environment = Map.of();
  private List<String> options = List.of();
  private List<String> within = List.of();
  private List<String> arguments = List.of();
  private int runs;
  private @Nullable ChildProcess process;

  /// Nothing is started yet.
  Sidecar(Path folder) throws IOException {
    this.folder = folder;
    this.logs = Files.createDirectories(folder.resolve("logs"));
    List<Integer> ports = Ports.free(3);
    grpc = ports.get(0);
    http = ports.get(1);
    admin = ports.get(2);
  }

  /// Where tests write what is tailed.
  Path logs() {
    return logs;
  }

  Path log(String name) {
    return logs.resolve(name);
  }

  /// Its `state.directory`.
  Path state() {
    return folder.resolve("state");
  }

  int grpcPort() {
    return grpc;
  }

  int httpPort() {
    return http;
  }

  int adminPort() {
    return admin;
  }

  /// `sources: files:` with one source over `logs/*.log`, and no OTLP.
  static String files(String settings) {
    return """
    sources:
      files:
        - {name: app, include: ["${LOGS}/*.log"]%s}
      otlp: none
    """
        .formatted(settings.isEmpty() ? "" : ", " + settings);
  }

  /// OTLP on free ports, and no files.
  static String otlp() {
    return """
    sources:
      files: none
      otlp: {grpc: "127.0.0.1:${GRPC}", http: "127.0.0.1:${HTTP}"}
    """;
  }

  /// Writes the configuration.
  ///
  /// @param text without `state` and `admin`; `${LOGS}`, `${GRPC}`, `${HTTP}` and `${DIR}` are filled
  ///     in
  Sidecar configure(String text) throws IOException {
    String own =
        """
        state: {directory: "%s"}
        admin: {listen: "127.0.0.1:%d"}
        """
            .formatted(state(), admin);
    Files.writeString(config(), fill(text) + own);
    return this;
  }

  /// Runs a file of `config-samples` as it is, by the launcher, with the variables that it reads.
  ///
  /// @param more those beside the folders and addresses
  Sidecar sample(Path file, Map<String, String> more) {
    sample = file;
    environment = new HashMap<>(more);
    // It would build and train in the midst of the build that runs this.
    environment.put("PANNIER_AOT_CACHE", "off");
    environment.put("LOG_DIR", logs.toString());
    environment.put("STATE_DIR", state().toString());
    environment.put("OTLP_GRPC", "127.0.0.1:" + grpc);
    environment.put("OTLP_HTTP", "127.0.0.1:" + http);
    environment.put("ADMIN_LISTEN", "127.0.0.1:" + admin);
    return this;
  }

  /// Gives the JVM these options after all others.
  Sidecar options(List<String> more) {
    options = more;
    return this;
  }

  /// Runs it with these arguments, too.
  Sidecar arguments(List<String> more) {
    arguments = more;
    return this;
  }

  /// Starts it with these variables.
  Sidecar environment(Map<String, String> more) {
    environment = more;
    return this;
  }

  /// Starts it by this command, which starts what stands behind it in its own place.
  Sidecar within(List<String> command) {
    within = command;
    return this;
  }

  /// Asks another address than the one it was given.
  Sidecar admin(int port) {
    admin = port;
    return this;
  }

  Path config() {
    return folder.resolve("pannier.yaml");
  }

  private String fill(String text) {
    return text.replace("${LOGS}", logs.toString())
        .replace("${DIR}", folder.toString())
        .replace("${GRPC}", String.valueOf(grpc))
        .replace("${HTTP}", String.valueOf(http));
  }

  /// Starts it and waits until its destinations are reached.
  Sidecar start() throws IOException {
    launch(environment);
    try {
      await("ready")
          .atMost(PATIENCE)
          .failFast(
              () -> {
                if (!running().isAlive()) {
                  throw new AssertionError("ended: " + lastWords());
                }
              })
          .until(() -> status("/readyz") == 200);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("not ready: " + body("/readyz") + "\n" + lastWords(), e);
    }
    return this;
  }

  /// Starts it in its own environment and waits for nothing.
  void launch() throws IOException {
    launch(environment);
  }

  /// Starts it and waits for nothing.
  void launch(Map<String, String> environment) throws IOException {
    runs++;
    if (sample != null) {
      String launcher = Tree.root().resolve("pannier").toString();
      process =
          ChildProcess.start(
              "run" + runs,
              folder,
              List.of(launcher, "run", "--config", sample.toString()),
              environment);
      return;
    }
    List<String> run = new ArrayList<>(List.of("run", "--config", config().toString()));
    run.addAll(arguments);
    List<String> command = new ArrayList<>(within);
    command.addAll(Packaged.command(Demo.home(), options, run));
    process = ChildProcess.start("run" + runs, folder, command, environment);
  }

  /// Waits until it answers on the admin address, ready or not.
  void awaitAlive() {
    await("alive").atMost(PATIENCE).until(() -> status("/livez") == 200);
  }

  /// The answer's status; 0 where nobody answers.
  int status(String path) {
    try {
      return get(path).statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  String body(String path) throws IOException {
    return get(path).body();
  }

  JsonNode statusPage() throws IOException {
    return new ObjectMapper().readTree(body("/status"));
  }

  private HttpResponse<String> get(String path) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + path))
            .version(HttpClient.Version.HTTP_1_1)
            .timeout(Duration.ofSeconds(5))
            .build();
    try {
      return CLIENT.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  ChildProcess running() {
    if (process == null) {
      throw new IllegalStateException("not started");
    }
    return process;
  }

  /// SIGTERM, and waits for the end.
  ///
  /// @return the exit code
  int stop() throws InterruptedException {
    return running().terminate(PATIENCE);
  }

  /// SIGTERM.
  void signal() {
    running().handle().destroy();
  }

  /// SIGKILL.
  void kill() throws InterruptedException {
    running().kill();
  }

  int awaitExit() throws InterruptedException {
    return running().await(PATIENCE);
  }

  /// What the last run wrote to standard error: its log.
  String errors() throws IOException {
    return Files.readString(folder.resolve("run" + runs + ".err"));
  }

  /// What the last run wrote to standard output.
  String output() throws IOException {
    return Files.readString(folder.resolve("run" + runs + ".out"));
  }

  private String lastWords() {
    try {
      return running().lastWords();
    } catch (IOException e) {
      return e.toString();
    }
  }

  /// Sends the process a signal: `STOP`, `CONT`, `HUP`.
  void signal(String name) throws IOException, InterruptedException {
    running().signal(name);
  }

  @Override
  public void close() {
    if (process != null) {
      process.close();
    }
  }
}

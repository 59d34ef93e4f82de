package dev.pannier.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Makes the sidecar's AOT cache: classes that are loaded and linked already, and what the JIT
/// compiler has learnt. `Training [CACHE]`; without an argument where the launcher looks for it.
///
/// The training run is the real job: files in two layouts, OTLP over gRPC and HTTP, to a Kafka broker
/// and, by OTLP, to a second sidecar. What the run does not touch is no part of the cache.
public final class Training {
  private static final int SECONDS = 5;
  private static final int EVENTS_A_SECOND = 1_000;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Path cache;
  private final Path folder;
  private final List<ChildProcess> children = new ArrayList<>();

  private Training(Path cache, Path folder) {
    this.cache = cache;
    this.folder = folder;
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createTempDirectory("pannier-training");
    Path cache = arguments.length > 0 ? Path.of(arguments[0]) : Packaged.cache(Demo.home());
    Training training = new Training(cache.toAbsolutePath(), folder);
    Runtime.getRuntime().addShutdownHook(new Thread(training::end, "clean-up"));
    training.run();
  }

  private void run() throws Exception {
    List<Integer> ports = Ports.free(8);
    ChildProcess broker = Demo.broker(folder, ports.get(0), ports.get(1));
    children.add(broker);
    Demo.awaitPort(broker, ports.get(0));

    Path backendConfig = folder.resolve("backend.yaml");
    Files.writeString(
        backendConfig,
        """
        state: {directory: %1$s/backend-state}
        sources:
          files: none
          otlp: {grpc: "127.0.0.1:%2$d", http: none}
        shippers: {out: {type: stdout}}
        admin: {listen: "127.0.0.1:%3$d"}
        """
            .formatted(folder, ports.get(2), ports.get(3)));
    ChildProcess backend =
        sidecar("backend", Packaged.command(Demo.home(), List.of(), running(backendConfig)));
    Demo.awaitReady(backend, ports.get(3));

    Path logs = Files.createDirectories(folder.resolve("logs"));
    Path config = folder.resolve("pannier.yaml");
    Files.writeString(
        config,
        """
        state: {directory: %1$s/state}
        sources:
          files:
            - {name: checkout, include: ["%1$s/logs/checkout.log"]}
            - {name: payment, include: ["%1$s/logs/payment.json"], parser: logstash}
          otlp: {grpc: "127.0.0.1:%2$d", http: "127.0.0.1:%3$d"}
        shippers:
          events: {type: kafka, bootstrap_servers: "127.0.0.1:%4$d"}
          backend: {type: otlp, endpoint: "http://127.0.0.1:%5$d"}
        admin: {listen: "127.0.0.1:%6$d"}
        """
            .formatted(
                folder, ports.get(4), ports.get(5), ports.get(0), ports.get(2), ports.get(6)));
    Path fresh = cache.resolveSibling(cache.getFileName() + ".new");
    ChildProcess trained =
        sidecar("trained", Packaged.training(Demo.home(), fresh, running(config)));
    Demo.awaitReady(trained, ports.get(6));

    ChildProcess application =
        ChildProcess.java(
            "application",
            folder,
            List.of("-Xmx128m", "-XX:+UseSerialGC"),
            SampleApplication.class,
            List.of(
                logs.toString(),
                String.valueOf(ports.get(4)),
                String.valueOf(SECONDS),
                String.valueOf(EVENTS_A_SECOND),
                folder.resolve("tally").toString()));
    children.add(application);
    ask("http://127.0.0.1:" + ports.get(5) + "/v1/logs", "{\"resourceLogs\":[]}");
    if (application.await(PATIENCE) != 0) {
      throw new IllegalStateException("the application failed:\n" + application.lastWords());
    }
    for (String page : List.of("livez", "metrics", "status")) {
      ask("http://127.0.0.1:" + ports.get(6) + "/" + page, null);
    }
    if (trained.terminate(PATIENCE) != 0 || !Files.exists(fresh)) {
      throw new IllegalStateException("no cache was made:\n" + trained.lastWords());
    }
    Files.move(fresh, cache, StandardCopyOption.ATOMIC_MOVE);
  }

  private static List<String> running(Path config) {
    return List.of("run", "--config", config.toString());
  }

  private ChildProcess sidecar(String name, List<String> command) throws IOException {
    ChildProcess process = ChildProcess.start(name, folder, command, Map.of());
    children.add(process);
    return process;
  }

  private static void ask(String url, @Nullable String body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
    if (body != null) {
      request
          .header("content-type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body));
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      client.send(request.build(), HttpResponse.BodyHandlers.discarding());
    }
  }

  private void end() {
    children.forEach(ChildProcess::close);
    try (Stream<Path> tree = Files.walk(folder)) {
      tree.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      System.err.println("cannot remove " + folder + ": " + e.getMessage());
    }
  }
}

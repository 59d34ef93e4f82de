package dev.pannier.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.demo.Ports;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The packaged sidecar as a process of its own, started as the launcher does it.
final class BenchSidecar implements AutoCloseable {
  private static final long READY_WITHIN_SECONDS = 60;
  private static final long STOPS_WITHIN_SECONDS = 30;

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private static final long CONFIRMS_WITHIN_SECONDS = 60;

  private final Build build;
  private final Process process;
  private final Path errors;
  private final int admin;
  private final int grpc;
  private final long startedNanos;
  private String suffix = "";

  private BenchSidecar(
      Build build, Process process, Path errors, int admin, int grpc, long startedNanos) {
    this.build = build;
    this.process = process;
    this.errors = errors;
    this.admin = admin;
    this.grpc = grpc;
    this.startedNanos = startedNanos;
  }

  /// @param build         what is started
  /// @param folder        gets its configuration, state and log
  /// @param configuration without `state`, `admin` and `sources.otlp`
  /// @param out           where its standard output goes
  static BenchSidecar start(Build build, Path folder, String configuration, Redirect out)
      throws IOException {
    Files.createDirectories(folder);
    List<Integer> ports = Ports.free(3);
    Path file = folder.resolve("pannier.yaml");
    Files.writeString(
        file,
        """
        state: {directory: "%s"}
        admin: {listen: "127.0.0.1:%s"}
        resource: {service_name: checkout}
        """
                .formatted(folder.resolve("state"), ports.get(0))
            + configuration
                .replace("${GRPC}", "127.0.0.1:" + ports.get(1))
                .replace("${BUFFER}", folder.resolve("buffer").toString())
                .replace("${HTTP}", "127.0.0.1:" + ports.get(2)));
    Path errors = folder.resolve("sidecar.err");
    List<String> command =
        build.command(folder.getFileName().toString(), List.of("run", "--config", file.toString()));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out).redirectError(errors.toFile());
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    long begin = System.nanoTime();
    return new BenchSidecar(build, builder.start(), errors, ports.get(0), ports.get(1), begin);
  }

  Usage usage() {
    return new Usage(process.pid());
  }

  int grpcPort() {
    return grpc;
  }

  InputStream output() {
    return process.getInputStream();
  }

  /// Seconds since it was started.
  double age() {
    return (System.nanoTime() - startedNanos) / 1e9;
  }

  /// Waits until its destinations are reached.
  ///
  /// @return the seconds from its start to then
  double awaitReady() throws IOException, InterruptedException {
    while (true) {
      try {
        if (get("/readyz").statusCode() == 200) {
          double ready = age();
          suffix = build.ranAs(usage());
          return ready;
        }
      } catch (IOException e) {
        checkAlive(e);
      }
      if (age() > READY_WITHIN_SECONDS) {
        throw new IOException("the sidecar does not become ready: " + lastWords());
      }
      Thread.sleep(2);
    }
  }

  /// Of its rows' names: which build it is, and whether it ran without an AOT cache. Once it is ready.
  String suffix() {
    return suffix;
  }

  /// Waits until so many records are confirmed, which are there already.
  void awaitConfirmed(long records) throws IOException, InterruptedException {
    double begin = age();
    for (long count = confirmed(); count < records; count = confirmed()) {
      if (age() - begin > CONFIRMS_WITHIN_SECONDS) {
        throw stuck(count + " of " + records + " records are confirmed");
      }
      Thread.sleep(50);
    }
  }

  /// What to end with that waits for the sidecar in vain.
  IOException stuck(String where) throws IOException {
    return new IOException("shipping is stuck: " + where + ": " + lastWords());
  }

  /// How many records its shipper has confirmed.
  long confirmed() throws IOException, InterruptedException {
    return confirmed("");
  }

  /// @param shipper its name; empty for all
  long confirmed(String shipper) throws IOException, InterruptedException {
    String name = "pannier_shipper_records_total{";
    long sum = 0;
    for (String line : get("/metrics").body().split("\n", -1)) {
      if (line.startsWith(name) && (shipper.isEmpty() || line.contains('"' + shipper + '"'))) {
        sum += (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
      }
    }
    return sum;
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + path))
            .timeout(Duration.ofSeconds(10))
            .build();
    return CLIENT.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  private void checkAlive(IOException e) throws IOException {
    if (!process.isAlive()) {
      throw new IOException("the sidecar has ended: " + lastWords(), e);
    }
  }

  private String lastWords() throws IOException {
    List<String> lines = Files.readAllLines(errors);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  /// SIGTERM, and waits for the end.
  void stop() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(STOPS_WITHIN_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException("the sidecar does not end well: " + lastWords());
    }
  }

  /// SIGKILL. Any thread.
  void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    kill();
  }
}

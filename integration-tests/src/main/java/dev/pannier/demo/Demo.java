package dev.pannier.demo;

import dev.pannier.consumers.OtlpProtoConsumer;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.io.Console;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// `pannier demo [--seconds N] [--headless]`: starts a broker, the packaged sidecar and a sample
/// application, consumes what arrives, and tells whether it is exactly what was written.
public final class Demo {
  private static final int EVENTS_A_SECOND = 500;
  private static final Duration READY_WITHIN = Duration.ofSeconds(60);
  private static final Duration ARRIVED_WITHIN = Duration.ofSeconds(20);

  private final int seconds;
  private final boolean headless;
  private final Path folder;
  private final List<ChildProcess> children = new ArrayList<>();
  private final Consumed consumed = new Consumed();

  private Demo(int seconds, boolean headless, Path folder) {
    this.seconds = seconds;
    this.headless = headless;
    this.folder = folder;
  }

  @SuppressWarnings("SystemConsoleNull") // it still is null where the console module is missing
  public static void main(String[] arguments) throws Exception {
    int seconds = 20;
    Console console = System.console();
    boolean headless = console == null || !console.isTerminal();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--headless" -> headless = true;
        case "--seconds" -> seconds = i + 1 < arguments.length ? number(arguments[++i]) : usage();
        default -> usage();
      }
    }
    Path folder = Files.createTempDirectory("pannier-demo");
    Demo demo = new Demo(seconds, headless, folder);
    Thread cleanUp = new Thread(demo::end, "clean-up");
    Runtime.getRuntime().addShutdownHook(cleanUp);
    boolean closes = demo.run();
    System.exit(closes ? 0 : 1);
  }

  private static int number(String text) {
    try {
      int number = Integer.parseInt(text);
      return number > 0 ? number : usage();
    } catch (NumberFormatException e) {
      return usage();
    }
  }

  private static int usage() {
    System.err.println("usage: pannier demo [--seconds N] [--headless]   (N > 0)");
    System.exit(2);
    return 0;
  }

  private boolean run() throws Exception {
    List<Integer> ports = Ports.free(5);
    int kafka = ports.get(0);
    int admin = ports.get(4);
    say("starting a Kafka broker (KRaft) on 127.0.0.1:" + kafka);
    ChildProcess broker = broker(folder, kafka, ports.get(1));
    children.add(broker);
    awaitPort(broker, kafka);
    say("starting the sidecar: tails 2 files, OTLP on 127.0.0.1:" + ports.get(2));
    Path logs = Files.createDirectories(folder.resolve("logs"));
    Path config = folder.resolve("pannier.yaml");
    Files.writeString(config, configuration(logs, kafka, ports.get(2), ports.get(3), admin));
    ChildProcess sidecar =
        ChildProcess.sidecar(
            "sidecar", folder, home(), List.of("run", "--config", config.toString()), Map.of());
    children.add(sidecar);
    awaitReady(sidecar, admin);
    say("starting the sample application: " + EVENTS_A_SECOND + " events/s for " + seconds + " s");
    Path tally = folder.resolve("tally");
    ChildProcess application =
        ChildProcess.java(
            "application",
            folder,
            List.of("-Xmx128m", "-XX:+UseSerialGC"),
            SampleApplication.class,
            List.of(
                logs.toString(),
                String.valueOf(ports.get(2)),
                String.valueOf(seconds),
                String.valueOf(EVENTS_A_SECOND),
                tally.toString()));
    children.add(application);
    try (OtlpProtoConsumer consumer = new OtlpProtoConsumer("127.0.0.1:" + kafka, "demo")) {
      consume(consumer, application, sidecar);
      if (application.await(Duration.ofSeconds(60)) != 0) {
        throw new IllegalStateException("the application failed:\n" + application.lastWords());
      }
      Tally.Written written = Tally.read(tally);
      consumeRest(consumer, written);
      int code = sidecar.terminate(Duration.ofSeconds(40));
      // What the sidecar shipped while it drained counts too, were it a repeat.
      int messages;
      do {
        messages = consumer.poll(Duration.ofSeconds(1), this::log, consumed::span);
      } while (messages > 0);
      broker.terminate(Duration.ofSeconds(20));
      return tell(written, consumed.compare(written), code);
    }
  }

  /// Starts a broker of one node.
  public static ChildProcess broker(Path folder, int port, int controllerPort, String... more)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                folder.resolve("broker").toString(),
                String.valueOf(port),
                String.valueOf(controllerPort)));
    arguments.addAll(List.of(more));
    return ChildProcess.java(
        "broker",
        folder,
        List.of("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        BrokerMain.class,
        arguments);
  }

  /// The packaged sidecar's folder.
  public static Path home() {
    String home = System.getProperty("pannier.home");
    return Path.of(home == null ? "../collector/target/pannier" : home).toAbsolutePath();
  }

  private static String configuration(Path logs, int kafka, int grpc, int http, int admin) {
    return """
    resource: {service_name: shop}
    state: {directory: %1$s/../state}
    sources:
      files:
        - {name: checkout, include: ["%1$s/checkout.log"], parser: checkout}
        - {name: payment, include: ["%1$s/payment.json"], parser: logstash}
      otlp: {grpc: "127.0.0.1:%3$d", http: "127.0.0.1:%4$d"}
    parsers:
      checkout: {type: logback, pattern: "%6$s"}
    shippers:
      events: {type: kafka, bootstrap_servers: "127.0.0.1:%2$d"}
    admin: {listen: "127.0.0.1:%5$d"}
    """
        .formatted(logs, kafka, grpc, http, admin, SampleApplication.PATTERN);
  }

  static void awaitPort(ChildProcess broker, int port) throws Exception {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    while (true) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
        return;
      } catch (IOException e) {
        if (!broker.isAlive() || System.nanoTime() > deadline) {
          throw new IllegalStateException("the broker does not start:\n" + broker.lastWords(), e);
        }
        Thread.sleep(100);
      }
    }
  }

  static void awaitReady(ChildProcess sidecar, int port) throws Exception {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz"))
            .timeout(Duration.ofSeconds(2))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      while (true) {
        String answer;
        try {
          HttpResponse<String> response =
              client.send(request, HttpResponse.BodyHandlers.ofString());
          if (response.statusCode() == 200) {
            return;
          }
          answer = response.body();
        } catch (IOException e) {
          answer = String.valueOf(e.getMessage());
        }
        if (!sidecar.isAlive() || System.nanoTime() > deadline) {
          throw new IllegalStateException(
              "the sidecar is not ready: " + answer + "\n" + sidecar.lastWords());
        }
        Thread.sleep(50);
      }
    }
  }

  private void consume(OtlpProtoConsumer consumer, ChildProcess application, ChildProcess sidecar)
      throws Exception {
    long begin = System.nanoTime();
    long shown = 0;
    while (application.isAlive()) {
      consumer.poll(Duration.ofMillis(200), this::log, consumed::span);
      long second = (System.nanoTime() - begin) / 1_000_000_000L;
      if (second > shown) {
        shown = second;
        progress(second, sidecar);
      }
    }
  }

  private void progress(long second, ChildProcess sidecar) {
    String line =
        "%3d s   consumed %,8d log records  %,7d spans   sidecar %d MiB"
            .formatted(second, consumed.logCount(), consumed.spanCount(), sidecar.residentMiB());
    if (headless) {
      System.out.println(line);
    } else {
      System.out.print("\r" + line + " ");
      System.out.flush();
    }
  }

  private void consumeRest(OtlpProtoConsumer consumer, Tally.Written written) throws Exception {
    long deadline = System.nanoTime() + ARRIVED_WITHIN.toNanos();
    while (System.nanoTime() < deadline
        && (consumed.logCount() < written.logs().size()
            || consumed.spanCount() < written.spans().size())) {
      consumer.poll(Duration.ofMillis(200), this::log, consumed::span);
    }
  }

  private int examples;

  private void log(String logger, LogRecord record) {
    consumed.log(logger, record);
    if (examples < 3) {
      examples++;
      say(
          "consumed: "
              + record.getSeverityText()
              + " "
              + logger
              + " | "
              + record.getBody().getStringValue()
              + " | "
              + record.getAttributesCount()
              + " attributes");
    }
  }

  private boolean tell(Tally.Written written, Consumed.Comparison comparison, int code) {
    if (!headless) {
      System.out.println();
    }
    comparison.examples().forEach(this::say);
    if (code != 0) {
      say("the sidecar ended with exit code " + code);
    }
    boolean closes = comparison.closes() && code == 0;
    System.out.printf(
        "written %d log records + %d spans, consumed %d + %d, missing %d, duplicate %d,"
            + " different %d: %s%n",
        written.logs().size(),
        written.spans().size(),
        comparison.logs(),
        comparison.spans(),
        comparison.missing(),
        comparison.duplicate(),
        comparison.different(),
        closes ? "OK" : "FAILED");
    return closes;
  }

  private void say(String line) {
    System.out.println(line);
  }

  /// Ends what still runs, and removes the folder.
  private void end() {
    children.forEach(ChildProcess::close);
    try (Stream<Path> tree = Files.walk(folder)) {
      tree.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      System.err.println("cannot remove " + folder + ": " + e.getMessage());
    }
  }
}

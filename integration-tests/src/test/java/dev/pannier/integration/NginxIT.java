package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Ports;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// nginx and logrotate with the configuration of the sample in `deploy`, beside a sidecar that is told nothing of them: each line of
/// the access log and of the error log arrives, once and in its order.
class NginxIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Path LOGROTATE = Path.of("/usr/sbin/logrotate");
  private static final Pattern QUOTED = Pattern.compile(", request: \"([^\"]*)\"");
  private static final int ROTATIONS = 4;
  private static final int REQUESTS_EACH = 300;

  private static Kafka kafka;

  @TempDir private Path folder;

  /// A line of the access log, or of the error log.
  private record Logged(String request, long fromSecond, long to, boolean whileRotating) {}

  private final List<Logged> access = new ArrayList<>();
  private final List<Logged> errors = new ArrayList<>();

  @BeforeAll
  static void startBroker(@TempDir Path broker) throws Exception {
    kafka = Neighbour.broker(broker);
  }

  @AfterAll
  static void endBroker() {
    kafka.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nginx-usr1          |",
        "nginx-compress      | compress, delaycompress",
        "nginx-copytruncate  | copytruncate"
      })
  void accessAndErrorLogArrive(String service, String more) throws Exception {
    assumeTrue(Files.isExecutable(LOGROTATE), "skipped: no " + LOGROTATE);
    Path program =
        ChildProcess.find(List.of("nginx")).orElse(Path.of("/usr/sbin/nginx")).toAbsolutePath();
    assumeTrue(Files.isExecutable(program), "skipped: no nginx (apt-get install nginx-light)");
    int port = Ports.free(1).getFirst();
    try (Sidecar sidecar = Neighbour.of(folder, service, kafka)) {
      sidecar.start();
      Path configuration = configuration(sidecar, port);
      Path rotation = rotation(sidecar, more == null ? "" : more);
      List<String> command =
          List.of(
              program.toString(),
              "-p",
              folder.toString(),
              "-c",
              configuration.toString(),
              "-g",
              "daemon off;");
      try (ChildProcess nginx =
          ChildProcess.start("nginx", folder, command, Map.of("TZ", Neighbour.ZONE))) {
        await()
            .atMost(PATIENCE)
            .failFast("nginx ended", () -> !nginx.isAlive())
            .until(() -> Files.exists(folder.resolve("nginx.pid")));
        boolean keepsWriting = more == null || !more.contains("copytruncate");
        try (Connection connection = new Connection(port)) {
          for (int i = 0; i < ROTATIONS; i++) {
            requests(connection, false);
            // A file that is renamed before the sidecar has seen it would be nobody's log to it.
            int written = access.size() + errors.size();
            await()
                .atMost(PATIENCE)
                .until(() -> sidecar.statusPage().at("/sources/0/records").asInt() == written);
            if (!keepsWriting) {
              // What is written while logrotate copies is lost by it.
              awaitWritten(sidecar.log("access.log"), access);
              awaitWritten(sidecar.log("error.log"), errors);
            }
            Process logrotate = logrotate(rotation);
            if (keepsWriting) {
              requests(connection, true);
            }
            assertThat(logrotate.waitFor())
                .as(Files.readString(folder.resolve("logrotate.out")))
                .isZero();
          }
          requests(connection, false);
        }
        nginx.signal("QUIT");
        assertThat(nginx.await(PATIENCE)).as(nginx.lastWords()).isZero();
      }
      assertThat(sidecar.stop()).as(sidecar.errors()).isZero();
    }
    List<Arrived.Line> lines = Arrived.of(kafka.servers(), service).lines();
    List<Arrived.Line> ofAccess =
        lines.stream().filter(line -> line.attribute("status").isPresent()).toList();
    List<Arrived.Line> ofErrors =
        lines.stream().filter(line -> line.attribute("status").isEmpty()).toList();
    assertAccess(assertOnce(ofAccess, access), quiet(access));
    assertErrors(assertOnce(ofErrors, errors), quiet(errors));
    try (Stream<Path> files = Files.list(folder.resolve("logs"))) {
      assertThat(files).hasSize(2 * (ROTATIONS + 1));
    }
  }

  private static void assertAccess(List<Arrived.Line> lines, List<Logged> logged) {
    for (int i = 0; i < lines.size(); i++) {
      Arrived.Line line = lines.get(i);
      assertThat(line.body()).isEqualTo(logged.get(i).request());
      assertThat(line.log().getSeverityText()).isEqualTo("INFO");
      assertThat(line.millis())
          .as(line.body())
          .isBetween(logged.get(i).fromSecond(), logged.get(i).to());
      assertThat(line.text("remote_addr")).isEqualTo("127.0.0.1");
    }
  }

  private static void assertErrors(List<Arrived.Line> lines, List<Logged> logged) {
    for (int i = 0; i < lines.size(); i++) {
      Arrived.Line line = lines.get(i);
      assertThat(line.body())
          .matches("\\d+#\\d+: \\*\\d+ open\\(\\) .*")
          .contains("failed (2: No such file or directory), client: 127.0.0.1");
      assertThat(request(line)).isEqualTo(logged.get(i).request());
      assertThat(line.log().getSeverityText()).isEqualTo("error");
      assertThat(line.log().getSeverityNumberValue()).isEqualTo(17);
      assertThat(line.millis())
          .as(line.body())
          .isBetween(logged.get(i).fromSecond(), logged.get(i).to());
    }
  }

  /// What was logged at any time came once. Of what was logged while logrotate ran, the order is not asked: nginx's master has made
  /// the new file by then, and its worker still writes to the old one.
  ///
  /// @return all else, in the order in which it came
  private static List<Arrived.Line> assertOnce(List<Arrived.Line> lines, List<Logged> logged) {
    assertThat(lines)
        .extracting(NginxIT::request)
        .containsExactlyInAnyOrderElementsOf(logged.stream().map(Logged::request).toList());
    Set<String> quiet = quiet(logged).stream().map(Logged::request).collect(Collectors.toSet());
    return lines.stream().filter(line -> quiet.contains(request(line))).toList();
  }

  private static List<Logged> quiet(List<Logged> logged) {
    return logged.stream().filter(each -> !each.whileRotating()).toList();
  }

  private static String request(Arrived.Line line) {
    Matcher request = QUOTED.matcher(line.body());
    return request.find() ? request.group(1) : line.body();
  }

  /// On one connection, so that nginx logs them in this order.
  private void requests(Connection connection, boolean whileRotating) throws IOException {
    for (int i = 0; i < REQUESTS_EACH; i++) {
      int number = access.size();
      boolean missing = number % 5 == 0;
      String path = missing ? "/missing/" + number : "/order/" + number + "?say=\"so\\\"";
      String request = "GET " + path + " HTTP/1.1";
      long from = Math.floorDiv(System.currentTimeMillis(), 1_000) * 1_000;
      assertThat(connection.ask(request)).contains(missing ? " 404 " : " 200 ");
      Logged logged = new Logged(request, from, System.currentTimeMillis(), whileRotating);
      access.add(logged);
      if (missing) {
        errors.add(logged);
      }
    }
  }

  /// nginx answers before it logs.
  private static void awaitWritten(Path file, List<Logged> logged) {
    String last = logged.getLast().request().split(" ", -1)[1].split("\\?", -1)[0];
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              String text = Files.readString(file, ISO_8859_1);
              return text.endsWith("\n")
                  && text.lastIndexOf(last) > text.lastIndexOf('\n', text.length() - 2);
            });
  }

  private Path configuration(Sidecar sidecar, int port) throws IOException {
    String user = System.getProperty("user.name").equals("root") ? "user root;\n" : "";
    String temporary =
        Stream.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            .map(name -> "  " + name + "_temp_path " + folder.resolve(name) + ";\n")
            .collect(Collectors.joining());
    Files.createDirectories(folder.resolve("pages"));
    return Files.writeString(
        folder.resolve("nginx.conf"),
        user
            + sample("nginx.conf", sidecar)
                .replace("listen 8080;", "listen 127.0.0.1:" + port + ";")
                .replace("http {\n", "http {\n  keepalive_requests 100000;\n" + temporary)
                .replace(
                    "    location / {",
                    "    location /missing/ { root "
                        + folder.resolve("pages")
                        + "; }\n    location / {"));
  }

  private Path rotation(Sidecar sidecar, String more) throws IOException {
    String text = sample("logrotate.conf", sidecar);
    if (more.contains("copytruncate")) {
      text = text.replaceAll("(?s) *postrotate.*endscript\n", "");
    }
    Path file =
        Files.writeString(
            folder.resolve("logrotate.conf"),
            text.replace("missingok\n", "missingok\n  " + more.replace(", ", "\n  ") + "\n"));
    // It refuses a configuration or a folder that others may write.
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.setPosixFilePermissions(sidecar.logs(), PosixFilePermissions.fromString("rwxr-xr-x"));
    return file;
  }

  /// A file of the sample's ConfigMap, with this test's folders.
  private String sample(String name, Sidecar sidecar) throws IOException {
    List<String> lines =
        Files.readAllLines(Tree.root().resolve("deploy/samples/nginx/application.yaml"));
    int begin = lines.indexOf("  " + name + ": |") + 1;
    assertThat(begin).isPositive();
    return lines.stream()
        .skip(begin)
        .takeWhile(line -> line.startsWith("    "))
        .map(line -> line.substring(4) + "\n")
        .collect(Collectors.joining())
        .replace("/var/log/nginx", sidecar.logs().toString())
        .replace("/tmp/nginx.pid", folder.resolve("nginx.pid").toString());
  }

  private Process logrotate(Path rotation) throws IOException {
    return new ProcessBuilder(
            LOGROTATE.toString(),
            "--force",
            "--state",
            folder.resolve("logrotate.state").toString(),
            rotation.toString())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("logrotate.out").toFile())
        .start();
  }

  /// Keeps its bytes as they are: what an HTTP client would encode, nginx logs as it came.
  private static final class Connection implements AutoCloseable {
    private final Socket socket;
    private final OutputStream out;
    private final BufferedReader in;

    Connection(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      out = socket.getOutputStream();
      in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
    }

    /// @return the answer's first line
    String ask(String request) throws IOException {
      out.write((request + "\r\nHost: shop\r\n\r\n").getBytes(UTF_8));
      out.flush();
      String status = in.readLine();
      int length = 0;
      for (String header = in.readLine();
          header != null && !header.isEmpty();
          header = in.readLine()) {
        if (header.startsWith("Content-Length: ")) {
          length = Integer.parseInt(header.substring("Content-Length: ".length()));
        }
      }
      for (int i = 0; i < length; i++) {
        in.read();
      }
      return String.valueOf(status);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}

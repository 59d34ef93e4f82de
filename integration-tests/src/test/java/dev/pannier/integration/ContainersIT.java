package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import tools.jackson.databind.JsonNode;

/// Three containers: the sidecar's image, an application of another user under umask 027, and a broker. The first two share the log
/// folder, and all three localhost.
@EnabledIf(
    value = "dev.pannier.integration.SidecarImage#canBeBuilt",
    disabledReason = SidecarImage.MISSING)
class ContainersIT {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int SPAN_EVERY = 10;

  /// Its own user, and the application's group, as `inject` has it.
  private static final String USER = "65532:1000";

  private static final Pattern LIBRARY = Pattern.compile(".*\\.so(\\.[0-9]+)*");

  /// To be closed from the last to the first.
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  @TempDir private Path folder;

  private Kafka kafka;
  private String logsTopic;
  private String spansTopic;
  private Sidecar sidecar;
  private Topic logs;
  private Topic spans;

  private <T extends AutoCloseable> T opened(T resource) {
    open.push(resource);
    return resource;
  }

  @AfterEach
  void end() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  @BeforeEach
  void begin() throws Exception {
    kafka = Kafka.sharedInContainer();
    logsTopic = kafka.topic("containers-logs");
    spansTopic = kafka.topic("containers-spans");
    logs = opened(new Topic(kafka.servers(), logsTopic));
    spans = opened(new Topic(kafka.servers(), spansTopic));
    sidecar = opened(new Sidecar(folder));
    // Volumes of a Pod are everybody's.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    for (Path volume : List.of(sidecar.logs(), Files.createDirectories(sidecar.state()))) {
      Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
  }

  /// @param settings of the shipper
  /// @param more     top-level keys
  private void configure(String settings, String more) throws Exception {
    sidecar.configure(
        """
        sources:
          files:
            - {name: app, include: ["${LOGS}/*.log"]}
          otlp: {grpc: "127.0.0.1:${GRPC}", http: none}
        shippers:
          events:
            type: kafka
            bootstrap_servers: "%s"
            topics: {logs: %s, traces: %s}
            signals: [logs, traces]
        %s%s
        """
            .formatted(kafka.servers(), logsTopic, spansTopic, settings, more));
  }

  private GenericContainer<?> startSidecar(String image) {
    String state = sidecar.state().toString();
    String config = sidecar.config().toString();
    GenericContainer<?> container =
        opened(PodContainer.confined(image))
            .withFileSystemBind(
                sidecar.logs().toString(), sidecar.logs().toString(), BindMode.READ_ONLY)
            .withFileSystemBind(state, state, BindMode.READ_WRITE)
            .withFileSystemBind(config, config, BindMode.READ_ONLY)
            .withCreateContainerCmdModifier(create -> create.withUser(USER))
            .withCommand("run", "--config", config);
    container.start();
    return container;
  }

  private GenericContainer<?> startApplication() throws Exception {
    String volume = sidecar.logs().toString();
    GenericContainer<?> container =
        opened(PodContainer.confined(PodImages.application()))
            .withFileSystemBind(volume, volume, BindMode.READ_WRITE)
            .withEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + sidecar.grpcPort())
            .withEnv("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop")
            .withCommand(volume, "0", "0");
    container.start();
    return container;
  }

  private void awaitMore() {
    int lines = logs.rest().logs().size();
    logs.await(all -> all.logs().size() >= lines + 100);
    int sent = spans.rest().spans().size();
    spans.await(all -> all.spans().size() > sent);
  }

  /// Ends the application, then the sidecar, as a Pod does.
  private Account ended(GenericContainer<?> application, GenericContainer<?> last) {
    PodContainer.stopped(application, PATIENCE);
    assertEndedWell(last);
    List<String> lines = logs.rest().bodies();
    int count = Integer.parseInt(lines.getLast().replaceAll("[^0-9]", ""));
    List<String> written =
        Stream.concat(
                IntStream.range(0, count).mapToObj(i -> "line " + i),
                Stream.of("ended after " + count + " lines"))
            .toList();
    assertThat(lines.stream().distinct()).as("in order").containsExactlyElementsOf(written);
    // It does not end before each is acknowledged.
    List<String> acknowledged =
        IntStream.range(0, count)
            .filter(line -> line % SPAN_EVERY == 0)
            .mapToObj(line -> "order " + line)
            .toList();
    List<String> unanswered =
        application
            .getLogs()
            .lines()
            .filter(line -> line.startsWith(PodApplication.UNANSWERED))
            .map(line -> line.substring(PodApplication.UNANSWERED.length()))
            .distinct()
            .toList();
    return new Account(
        written,
        lines,
        acknowledged,
        unanswered,
        spans.rest().spans().stream().map(Span::getName).toList());
  }

  private static void assertEndedWell(GenericContainer<?> container) {
    ContainerState state = PodContainer.stopped(container, PATIENCE);
    assertThat(state.getExitCodeLong()).as(container.getLogs()).isZero();
    assertThat(container.getLogs()).doesNotContain("is not used");
  }

  /// What the old one could not ship any more lies in its buffer.
  @Test
  void whatAnUpgradeFindsOnDiskIsShippedOnce() throws Exception {
    configure(
        "    delivery: exactly_once\n",
        "buffer: {type: disk, directory: \"${DIR}/state/buffer\"}\nshutdown: {deadline: 4s}\n");
    GenericContainer<?> old = startSidecar(PodImages.olderSidecar());
    GenericContainer<?> application = startApplication();
    awaitMore();
    kafka.pause(0);
    try {
      await("lines that wait for the broker")
          .atMost(PATIENCE)
          .until(
              () ->
                  sidecar
                      .statusPage()
                      .at("/ledger")
                      .valueStream()
                      .anyMatch(row -> row.at("/in_flight").asInt() >= 100));
      PodContainer.stopped(old, PATIENCE);
      assertThat(old.getLogs()).contains("NOT shipped, in the buffer");
    } finally {
      kafka.resume(0);
    }
    old.close();

    GenericContainer<?> next = startSidecar(SidecarImage.built());
    awaitMore();
    Account account = ended(application, next);

    System.out.println("through an upgrade without the broker: " + account);
    account.assertNothingLost();
    account.assertNothingTwice();
  }

  @Test
  void whatAnApplicationWritesAndSendsIsConsumedOnce() throws Exception {
    configure("", "");
    GenericContainer<?> container = startSidecar(SidecarImage.built());
    GenericContainer<?> application = startApplication();
    awaitMore();
    PodContainer.assertConfined(container);
    assertThat(PodContainer.mapped(container))
        .contains("/opt/pannier/pannier.aot", "/liblz4-java.so");

    Account account = ended(application, container);

    System.out.println("beside an application: " + account);
    account.assertNothingLost();
    account.assertNothingTwice();
  }

  @Test
  void anUpgradeAndTheWayBackLoseNothingAndRepeatNothing() throws Exception {
    configure(
        "    delivery: exactly_once\n",
        "buffer: {type: disk, directory: \"${DIR}/state/buffer\"}\nshutdown: {deadline: 4s}\n");

    throughAnUpgradeAndTheWayBack().assertNothingTwice();
  }

  /// As it is by default. What a sidecar that was killed had not confirmed yet comes again, and is known for the same.
  @Test
  void anUpgradeAndTheWayBackLoseNothingAtLeastOnceEither() throws Exception {
    configure("", "");

    Account account = throughAnUpgradeAndTheWayBack();

    assertThat(logs.logs().stream().map(record -> uid(record) + " " + body(record)).distinct())
        .as("records by their log.record.uid and body")
        .hasSameSizeAs(account.written());
    assertThat(logs.logs().stream().map(ContainersIT::uid).distinct())
        .as("records by their log.record.uid")
        .hasSameSizeAs(account.written());
    assertThat(spans.spanIds().stream().distinct())
        .as("spans by their id")
        .hasSameSizeAs(account.spans().stream().distinct().toList());
  }

  /// The new one has what the old one left in the volume, and so has the old one where it comes back after the new one was killed.
  private Account throughAnUpgradeAndTheWayBack() throws Exception {
    GenericContainer<?> old = startSidecar(PodImages.olderSidecar());
    GenericContainer<?> application = startApplication();
    awaitMore();
    assertEndedWell(old);
    old.close();

    GenericContainer<?> next = startSidecar(PodImages.nextSidecar());
    awaitMore();
    assertThat(logs.rest().bodies()).as("after an end that was asked for").doesNotHaveDuplicates();
    PodContainer.kill(next);
    next.close();

    GenericContainer<?> again = startSidecar(SidecarImage.built());
    awaitMore();
    Account account = ended(application, again);

    System.out.println("through an upgrade and the way back: " + account);
    account.assertNothingLost();
    return account;
  }

  private static String uid(LogRecord record) {
    return Topic.uid(record).orElseThrow();
  }

  private static String body(LogRecord record) {
    return record.getBody().getStringValue();
  }

  /// Its user and group are others than the file's.
  @Test
  void aFileThatItMayNotReadIsToldWithTheLineToAddAndReadOnceItMay() throws Exception {
    configure("", "");
    Path file = Files.writeString(sidecar.log("secret.log"), "first\nsecond\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    GenericContainer<?> container = startSidecar(SidecarImage.built());
    sidecar.awaitAlive();
    awaitTold(
        container, file, "permission denied: its mode is rw-------: .*add fsGroup to the Pod's .*");

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    awaitTold(container, file, "permission denied: add runAsGroup: ([0-9]+) .*fsGroup: \\1 .*");
    assertThat(logs.rest().logs()).isEmpty();

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    logs.await(all -> all.logs().size() >= 2);
    await("no problem any more").atMost(PATIENCE).until(this::problem, String::isEmpty);
    assertEndedWell(container);
    assertThat(logs.rest().bodies()).containsExactly("first", "second");
  }

  private void awaitTold(GenericContainer<?> container, Path file, String problem) {
    await(problem).atMost(PATIENCE).until(this::problem, told -> told.matches(problem));
    await("the log: " + problem)
        .atMost(PATIENCE)
        .until(
            container::getLogs,
            log -> Pattern.compile(Pattern.quote(file + ": ") + problem).matcher(log).find());
  }

  /// What `/status` says of the only file; empty where it says nothing.
  private String problem() throws IOException {
    JsonNode files = sidecar.statusPage().at("/sources/0/files");
    assertThat(files.valueStream().map(each -> each.at("/path").asString()))
        .allMatch(sidecar.log("secret.log").toString()::equals);
    return files.at("/0/problem").asString("");
  }

  /// It says which folder is missing, and it is the one that is documented.
  @Test
  void withoutAVolumeItSaysWhatToMount() throws Exception {
    String name = "pannier-test-" + ProcessHandle.current().pid();
    Process process =
        new ProcessBuilder(
                "podman",
                "run",
                "--rm",
                "--label",
                "dev.pannier.test=image",
                "--name",
                name,
                "--ulimit=nofile=4096:4096",
                "--ulimit=nproc=4096:4096",
                "--network=host",
                "--read-only",
                "--read-only-tmpfs=false",
                SidecarImage.built())
            .start();

    assertThat(error(process))
        .contains(
            "state.directory: cannot be written, ",
            "mount a writable volume there",
            "(/var/lib/pannier)")
        .doesNotContain(".local");
    assertThat(process.waitFor()).isEqualTo(2);
  }

  /// No shell, and nothing else to run: Java's own programs alone.
  @Test
  void nothingButJavaCanBeRunInTheImage() throws Exception {
    List<String> programs = new ArrayList<>();
    List<String> links = new ArrayList<>();
    String name = "pannier-test-" + ProcessHandle.current().pid();
    BrokerImage.run(
        "podman",
        "create",
        "--label",
        "dev.pannier.test=image",
        "--name",
        name,
        SidecarImage.built());
    Process export = new ProcessBuilder("podman", "export", name).start();
    try (InputStream output = export.getInputStream();
        TarArchiveInputStream files = new TarArchiveInputStream(output)) {
      for (TarArchiveEntry file = files.getNextEntry(); file != null; file = files.getNextEntry()) {
        if (file.isSymbolicLink() || file.isLink()) {
          links.add(file.getName());
        } else if (file.isFile() && (file.getMode() & 0111) != 0) {
          programs.add(file.getName());
        }
      }
      output.transferTo(OutputStream.nullOutputStream());
      assertThat(export.waitFor()).as(error(export)).isZero();
    } finally {
      BrokerImage.run("podman", "rm", name);
    }
    assertThat(programs)
        .anyMatch(path -> path.matches("opt/pannier/java-[^/]+/bin/java"))
        .filteredOn(path -> !LIBRARY.matcher(path).matches())
        .allMatch(path -> path.matches("opt/pannier/java-[^/]+/(bin|lib)/[^/]+"));
    assertThat(links).noneMatch(path -> path.matches("(usr/)?s?bin(/.*)?"));
  }

  private static String error(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), UTF_8);
  }
}

package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.demo.ChildProcess;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Applications that log by libraries that nobody here wrote, into files that those rotate, and that send spans with their
/// OpenTelemetry SDK, beside a sidecar that is told nothing of them: each record arrives as it was logged, once and in its order,
/// and so does each span.
@Execution(ExecutionMode.CONCURRENT)
class LanguagesIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int RECORDS = 3_000;

  /// The file in which the application is now, and those before. A file lives for about a second: one that had another name before
  /// the sidecar has seen it would be nobody's log to it.
  private static final int FILES = 3;

  private static final String LOGBACK =
      """
      <configuration>
        <appender name="FILE" class="ch.qos.logback.core.rolling.RollingFileAppender">
          <file>${LOG_FILE}</file>
          <rollingPolicy class="ch.qos.logback.core.rolling.SizeAndTimeBasedRollingPolicy">
            <fileNamePattern>${LOG_FILE}.%d{yyyy-MM-dd}.%i.gz</fileNamePattern>
            <maxFileSize>150KB</maxFileSize>
            <maxHistory>10</maxHistory>
          </rollingPolicy>
          <encoder><pattern>%d [%thread] %-5level %logger{36} - %msg%n</pattern></encoder>
        </appender>
        <root level="TRACE"><appender-ref ref="FILE"/></root>
      </configuration>
      """;

  private static Kafka kafka;

  @TempDir private Path folder;

  @BeforeAll
  static void startBroker(@TempDir Path broker) throws Exception {
    kafka = Neighbour.broker(broker);
  }

  @AfterAll
  static void endBroker() {
    kafka.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rotating", "cookbook", "timed"})
  void pythonsHandlers(String handler) throws Exception {
    List<String> application = OtherSdk.PYTHON.application();
    arrives("python-" + handler, "app.log", application, List.of(handler), Map.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "text"})
  void slogWithLumberjack(String handler) throws Exception {
    List<String> application = OtherSdk.GO.application();
    arrives("go-" + handler, "payments.log", application, List.of(handler), Map.of());
    assertThat(rotated()).anyMatch(file -> file.toString().endsWith(".gz"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"pino-roll", "pino-file", "winston"})
  void pinoAndWinston(String library) throws Exception {
    List<String> application = OtherSdk.NODE.application();
    arrives("node-" + library, "storefront.log", application, List.of(library), Map.of());
  }

  @Test
  void logback() throws Exception {
    Path configuration = Files.writeString(folder.resolve("logback.xml"), LOGBACK);
    arrives(
        "logback",
        "app.log",
        java(LogbackApplication.class, "-Dlogback.configurationFile=" + configuration),
        List.of(),
        Map.of());
    assertThat(rotated()).anyMatch(file -> file.toString().endsWith(".gz"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "log4j-pattern | <PatternLayout pattern='%d [%t] %-5level %c - %m%n'/>",
        "log4j-json    | <JsonTemplateLayout/>"
      })
  void log4j(String service, String layout) throws Exception {
    Path configuration =
        Files.writeString(
            folder.resolve("log4j2.xml"),
            """
            <Configuration>
              <Appenders>
                <RollingFile name="file" fileName="${env:LOG_FILE}" filePattern="${env:LOG_FILE}.%%d{yyyy-MM-dd}.%%i.gz">
                  %s
                  <SizeBasedTriggeringPolicy size="150KB"/>
                  <DefaultRolloverStrategy max="50"/>
                </RollingFile>
              </Appenders>
              <Loggers><Root level="trace"><AppenderRef ref="file"/></Root></Loggers>
            </Configuration>
            """
                .formatted(layout));
    arrives(
        service,
        "app.log",
        java(Log4jApplication.class, "-Dlog4j2.configurationFile=" + configuration),
        List.of(),
        Map.of());
    assertThat(rotated()).anyMatch(file -> file.toString().endsWith(".gz"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "logstash", "ecs"})
  void springBoot(String structured) throws Exception {
    Map<String, String> more =
        Map.of(
            "LOGGING_FILE_NAME",
            folder.resolve("logs/spring.log").toString(),
            "LOGGING_LOGBACK_ROLLINGPOLICY_MAXFILESIZE",
            "160KB",
            "LOGGING_LEVEL_SHOP",
            "TRACE",
            "LOGGING_STRUCTURED_FORMAT_FILE",
            structured,
            "SPRING_APPLICATION_NAME",
            "shop");
    arrives("spring-boot" + structured, "spring.log", java(SpringBootShop.class), List.of(), more);
    assertThat(rotated()).anyMatch(file -> file.toString().endsWith(".gz"));
  }

  /// With what `inject` writes into its manifest, and nothing else. Only what is each Pod's own is another here: the sidecar's ports,
  /// and where its receipt goes.
  @Test
  void pythonInTheEnvironmentThatInjectWrites() throws Exception {
    List<String> python = OtherSdk.PYTHON.application();
    Path tally = folder.resolve("tally");
    Path receipt = folder.resolve("termination-log");
    String service = "recommendations";
    Map<String, String> named =
        Map.of(
            "service.name", service,
            "k8s.namespace.name", "shop-eu",
            "k8s.pod.name", "recommendations-7c9f8b6d5-x2vqz",
            "k8s.pod.uid", "6d1f3b0e-5f1c-4a5e-9d8e-0c6d3f0b7a11",
            "k8s.node.name", "node-3.example",
            "k8s.container.name", "web",
            "k8s.deployment.name", service);
    try (Sidecar sidecar = Neighbour.of(folder)) {
      Injected pod =
          Injected.of(
              folder,
              """
              {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "recommendations"},
               "spec": {"selector": {"matchLabels": {"app": "shop"}}, "template": {
                "metadata": {"labels": {"app": "shop"}, "annotations": {
                 "pannier.dev/log-dir": "%s", "pannier.dev/kafka": "%s"}},
                "spec": {"containers": [{"name": "web", "image": "example/web:1", "env": [
                 {"name": "LOG_FILE", "value": "%s"}, {"name": "TZ", "value": "%s"}]}]}}}}
              """
                  .formatted(
                      sidecar.logs(), kafka.servers(), sidecar.log("app.log"), Neighbour.ZONE),
              Map.of(
                  "metadata.namespace", named.get("k8s.namespace.name"),
                  "metadata.name", named.get("k8s.pod.name"),
                  "metadata.uid", named.get("k8s.pod.uid"),
                  "spec.nodeName", named.get("k8s.node.name")));
      assertThat(pod.sidecar().get("args").valueStream().map(JsonNode::asString))
          .containsExactly(
              "run", "--wait-for-configuration", "--config", "/etc/pannier/pannier.yaml");
      Map<String, String> beside = pod.environment(pod.sidecar());
      assertThat(beside.put("PANNIER_ADMIN_LISTEN", "127.0.0.1:" + sidecar.adminPort()))
          .isEqualTo("0.0.0.0:8686");
      assertThat(beside.put("PANNIER_TERMINATION_LOG", receipt.toString()))
          .isEqualTo("/dev/termination-log");
      Map<String, String> application = pod.environment(pod.application());
      assertThat(
              application.put(
                  "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + sidecar.grpcPort()))
          .isEqualTo("http://127.0.0.1:4317");
      sidecar.environment(beside).arguments(List.of("--wait-for-configuration")).start();
      runs(python, List.of("rotating", tally.toString(), String.valueOf(RECORDS)), application);
      assertThat(sidecar.stop()).as(sidecar.errors()).isZero();
    }
    Arrived arrived = Arrived.of(kafka.servers(), service);
    LoggingTally.read(tally).assertArrived(arrived);
    assertThat(arrived.lines()).hasSize(RECORDS);
    assertThat(names(arrived.ofLines())).containsExactly(named);
    assertThat(names(arrived.ofSpans())).containsExactly(named);
    assertThat(receipt).content().startsWith("unshipped bytes 0, lost bytes 0\n");
  }

  private static Set<Map<String, String>> names(Set<Map<String, String>> resources) {
    Set<Map<String, String>> names = new HashSet<>();
    for (Map<String, String> resource : resources) {
      Map<String, String> name = new HashMap<>(resource);
      name.keySet().removeIf(key -> !key.startsWith("k8s.") && !key.equals("service.name"));
      names.add(name);
    }
    return names;
  }

  private void runs(List<String> program, List<String> arguments, Map<String, String> environment)
      throws Exception {
    List<String> command = new ArrayList<>(program);
    command.addAll(arguments);
    try (ChildProcess process = ChildProcess.start("application", folder, command, environment)) {
      assertThat(process.await(PATIENCE)).as(process.lastWords()).isZero();
    }
  }

  private void arrives(
      String service,
      String file,
      List<String> application,
      List<String> arguments,
      Map<String, String> more)
      throws Exception {
    Path tally = folder.resolve("tally");
    try (Sidecar sidecar = Neighbour.of(folder, service, kafka)) {
      Map<String, String> environment = Neighbour.environment(sidecar, service, sidecar.log(file));
      environment.putAll(more);
      sidecar.start();
      List<String> all = new ArrayList<>(arguments);
      all.addAll(List.of(tally.toString(), String.valueOf(RECORDS)));
      runs(application, all, environment);
      assertThat(sidecar.stop()).as(sidecar.errors()).isZero();
    }
    LoggingTally told = LoggingTally.read(tally);
    assertThat(told.entries()).hasSize(RECORDS);
    Arrived arrived = Arrived.of(kafka.servers(), service);
    told.assertArrived(arrived);
    if (!arguments.contains("pino-file")) {
      assertThat(rotated()).hasSizeGreaterThanOrEqualTo(FILES);
    }
  }

  private List<Path> rotated() throws Exception {
    try (Stream<Path> files = Files.list(folder.resolve("logs"))) {
      return files.toList();
    }
  }

  /// Without this project's own configuration of Logback.
  private static List<String> java(Class<?> main, String... options) {
    String classes = File.separator + "target" + File.separator + "classes";
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(options));
    command.add("-cp");
    command.add(
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(part -> !part.endsWith(classes))
            .collect(Collectors.joining(File.pathSeparator)));
    command.add(main.getName());
    return command;
  }
}

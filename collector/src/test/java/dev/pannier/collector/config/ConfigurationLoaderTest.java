package dev.pannier.collector.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.config.Configuration.Admin;
import dev.pannier.collector.config.Configuration.Shutdown;
import dev.pannier.collector.config.FileSource.AfterShipped;
import dev.pannier.collector.config.FileSource.Multiline;
import dev.pannier.collector.config.FileSource.OnOversize;
import dev.pannier.collector.config.FileSource.StartAt;
import dev.pannier.collector.config.OtlpSource.Acknowledge;
import dev.pannier.collector.config.ProcessorSettings.Add;
import dev.pannier.collector.config.ProcessorSettings.Drop;
import dev.pannier.collector.config.ProcessorSettings.Redact;
import dev.pannier.collector.config.ProcessorSettings.When;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.ShipperSettings.Tls;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class ConfigurationLoaderTest {
  private static final Path SAMPLES = Path.of("../config-samples");
  private static final Set<Signal> ALL = Set.of(Signal.values());

  @TempDir Path folder;

  private static Configuration valid(Loaded loaded) {
    assertThat(loaded).isInstanceOf(Loaded.Valid.class);
    return ((Loaded.Valid) loaded).configuration();
  }

  private Configuration read(String yaml, Map<String, String> environment) throws IOException {
    return valid(ConfigurationLoader.load(write(yaml), environment));
  }

  private Path write(String yaml) throws IOException {
    return Files.writeString(folder.resolve("pannier.yaml"), yaml);
  }

  private Loaded.Valid loaded(String yaml, Map<String, String> environment) throws IOException {
    return (Loaded.Valid) ConfigurationLoader.load(write(yaml), environment);
  }

  /// What the schema of Helm's chart has for `sidecar.defaults`, by which `inject` and the webhook judge, too: see their `HelmDefaultsTest`.
  private static Map<?, ?> ofTheChart(String key) throws IOException {
    Object node =
        new Load(LoadSettings.builder().build())
            .loadFromString(Files.readString(Path.of("../deploy/helm/pannier/values.schema.json")));
    for (String step : List.of("sidecar", "defaults", key)) {
      Map<?, ?> properties =
          (Map<?, ?>) Objects.requireNonNull(((Map<?, ?>) node).get("properties"));
      node = Objects.requireNonNull(properties.get(step));
    }
    return (Map<?, ?>) node;
  }

  @Test
  void theChartKnowsTheParsersThatAreBuiltIn() throws IOException {
    Loaded.Valid loaded = (Loaded.Valid) ConfigurationLoader.load(null, Map.of());
    Set<Object> known = new HashSet<>(loaded.parsers().keySet());
    known.add("");
    List<?> choices = (List<?>) Objects.requireNonNull(ofTheChart("parser").get("enum"));
    assertThat(new HashSet<Object>(choices)).isEqualTo(known);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://a:4317",
        "https://a.example./v1/$a;b",
        "http://a",
        "http://1.2.3.4:1",
        "http://[::1]:9",
        "http://9:1",
        "http://a/%41",
        "http://a/%4",
        "http://a_b:1",
        "http://a-:1",
        "http://-a:1",
        "http://a.1:2",
        "http://1.2.3.400",
        "http://a:65535",
        "http://a:65536",
        "http://user:pass@a:1",
        "http://a?b",
        "http://a#b",
        "http:///a",
        "http://",
        "ftp://a",
        "a:4317"
      })
  void theChartTakesAnEndpointThatTheSidecarTakes(String endpoint) throws IOException {
    Loaded loaded = ConfigurationLoader.load(null, Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint));
    assertThat(endpoint.matches((String) Objects.requireNonNull(ofTheChart("otlp").get("pattern"))))
        .isEqualTo(loaded instanceof Loaded.Valid);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a:1",
        "a_b:65535",
        "[::1]:1",
        "a:1 , b:2",
        "a:65536",
        "u@a:1",
        "a",
        "a:1,",
        "k://a:1"
      })
  void theChartTakesAddressesOfKafkaThatTheSidecarTakes(String servers) throws IOException {
    Loaded loaded =
        ConfigurationLoader.load(null, Map.of("PANNIER_KAFKA_BOOTSTRAP_SERVERS", servers));
    assertThat(servers.matches((String) Objects.requireNonNull(ofTheChart("kafka").get("pattern"))))
        .isEqualTo(loaded instanceof Loaded.Valid);
  }

  @Test
  void aCharacterBeyondTheBasicPlaneMayStandAnywhere() throws IOException {
    for (int before = 1_000; before < 1_050; before++) {
      String comment = "#" + "-".repeat(before) + "\uD83D\uDE80\n";
      assertThat(read(comment + "shutdown: {deadline: 7s}\n", Map.of()).shutdown().deadline())
          .as("after " + before)
          .isEqualTo(Duration.ofSeconds(7));
    }
  }

  @Test
  void withoutAFileEverythingHasItsDefault() {
    Map<String, String> environment = Map.of("XDG_STATE_HOME", folder.toString());

    Configuration configuration = valid(ConfigurationLoader.load(null, environment));

    assertThat(configuration)
        .isEqualTo(
            new Configuration(
                new Configuration.Resource(Map.of("service.name", "unknown_service"), Map.of()),
                24 << 20,
                StateDirectory.byDefault(environment),
                List.of(
                    new FileSource(
                        "app",
                        List.of("/var/log/app/*.log"),
                        List.of(),
                        new ParserSpec.Auto(),
                        new Multiline.Auto(),
                        Duration.ofMillis(100),
                        StartAt.BEGINNING,
                        StandardCharsets.UTF_8,
                        ZoneOffset.UTC,
                        1 << 20,
                        OnOversize.SPLIT)),
                new OtlpSource(
                    new Address("127.0.0.1", 4317),
                    new Address("127.0.0.1", 4318),
                    Acknowledge.DELIVERED,
                    4 << 20,
                    1 << 20),
                List.of(),
                new BufferSettings(
                    BufferSettings.Type.MEMORY,
                    StateDirectory.byDefault(environment).resolve("buffer"),
                    512 << 20,
                    BufferSettings.OnFull.BACKPRESSURE),
                List.of(
                    new ShipperSettings.Stdout(
                        "stdout", Encoding.OTLP_JSON, FieldNames.LOGSTASH, ALL)),
                Map.of(),
                new Admin(new Address("127.0.0.1", 8686), null),
                new Shutdown(Duration.ofSeconds(20), Duration.ofSeconds(1), null)));
  }

  @Test
  void anEmptyFileAndEmptySectionsAreTheDefaults() throws IOException {
    Configuration defaults = valid(ConfigurationLoader.load(null, Map.of()));

    assertThat(read("", Map.of())).isEqualTo(defaults);
    assertThat(read("# nothing\n---\n", Map.of())).isEqualTo(defaults);
    assertThat(read("sources:\n  files:\n  otlp:\nparsers:\nbuffer:\nadmin:\n", Map.of()))
        .isEqualTo(defaults);
  }

  @Test
  void diskBufferHasItsDefaultsAndMakesRequestsDurable() throws IOException {
    Configuration configuration = read("state: {directory: /s}\nbuffer: {type: disk}\n", Map.of());

    assertThat(configuration.buffer())
        .isEqualTo(
            new BufferSettings(
                BufferSettings.Type.DISK,
                Path.of("/s/buffer"),
                512 << 20,
                BufferSettings.OnFull.BACKPRESSURE));
    assertThat(configuration.otlp())
        .extracting(OtlpSource::acknowledge)
        .isEqualTo(Acknowledge.DURABLE);
  }

  @Test
  void everyKeyOfTheBufferIsRead() throws IOException {
    Configuration configuration =
        read(
            """
            buffer: {type: disk, directory: /b, max_bytes: 64MiB, on_full: drop_oldest}
            sources: {otlp: {acknowledge: delivered}}
            """,
            Map.of());

    assertThat(configuration.buffer())
        .isEqualTo(
            new BufferSettings(
                BufferSettings.Type.DISK,
                Path.of("/b"),
                64 << 20,
                BufferSettings.OnFull.DROP_OLDEST));
    assertThat(configuration.otlp())
        .extracting(OtlpSource::acknowledge)
        .isEqualTo(Acknowledge.DELIVERED);
    assertThat(read("buffer: {type: disk, on_full: drop_newest}", Map.of()).buffer().onFull())
        .isEqualTo(BufferSettings.OnFull.DROP_NEWEST);
  }

  @Test
  void theTerminationLogMayComeFromTheEnvironment() throws IOException {
    Map<String, String> environment = Map.of("PANNIER_TERMINATION_LOG", "/dev/termination-log");
    assertThat(read("", environment).shutdown().terminationLog())
        .isEqualTo(Path.of("/dev/termination-log"));
    assertThat(read("shutdown: {termination_log: /tmp/log}", environment).shutdown())
        .returns(Path.of("/tmp/log"), Shutdown::terminationLog);
  }

  /// A file may be many Pods', and the probes of each ask where its manifest says.
  @Test
  void theAdminAddressOfTheEnvironmentOutranksTheFiles() throws IOException {
    Map<String, String> environment = Map.of("PANNIER_ADMIN_LISTEN", "0.0.0.0:8686");
    assertThat(read("", environment).admin().listen()).isEqualTo(new Address("0.0.0.0", 8686));
    Loaded.Valid loaded = loaded("admin:\n  listen: '127.0.0.1:4317'\n", environment);
    assertThat(loaded.configuration().admin().listen()).isEqualTo(new Address("0.0.0.0", 8686));
    assertThat(loaded.warnings().toString())
        .contains(":2: admin.listen: PANNIER_ADMIN_LISTEN outranks it, and says 0.0.0.0:8686");
    assertThat(loaded("admin: {listen: '0.0.0.0:8686'}", environment).warnings()).isEmpty();
    assertThat(ConfigurationLoader.load(null, Map.of("PANNIER_ADMIN_LISTEN", "8686")))
        .isEqualTo(
            new Loaded.Invalid(
                List.of(
                    new Problem(
                        "environment",
                        0,
                        "PANNIER_ADMIN_LISTEN",
                        "no address: host:port, with a port up to 65535 (8686)"))));
    assertThat(ConfigurationLoader.load(null, Map.of("PANNIER_ADMIN_LISTEN", "127.0.0.1:4317")))
        .isEqualTo(
            new Loaded.Invalid(
                List.of(
                    new Problem(
                        "environment", 0, "PANNIER_ADMIN_LISTEN", "the same address as grpc"))));
  }

  @Test
  void theDeadlineOfTheEnvironmentOutranksTheFiles() throws IOException {
    Map<String, String> environment = Map.of("PANNIER_SHUTDOWN_DEADLINE", "5s");
    assertThat(read("", environment).shutdown().deadline()).isEqualTo(Duration.ofSeconds(5));
    Loaded.Valid loaded = loaded("shutdown: {deadline: 45s, quiet: 10s}", environment);
    assertThat(loaded.configuration().shutdown())
        .as("what is quiet for longer is not waited for")
        .returns(Duration.ofSeconds(5), Shutdown::deadline)
        .returns(Duration.ofSeconds(5), Shutdown::quiet);
    assertThat(loaded.warnings().toString())
        .contains(":1: shutdown.deadline: PANNIER_SHUTDOWN_DEADLINE outranks it, and says 5s");
    assertThat(loaded("shutdown: {deadline: 5s}", environment).warnings()).isEmpty();
  }

  @Test
  void theQuietTimeOfTheEnvironmentOutranksTheFiles() throws IOException {
    Map<String, String> environment = Map.of("PANNIER_SHUTDOWN_QUIET", "15s");
    assertThat(read("", environment).shutdown().quiet()).isEqualTo(Duration.ofSeconds(15));
    Loaded.Valid loaded = loaded("shutdown: {deadline: 10s, quiet: 2s}", environment);
    assertThat(loaded.configuration().shutdown())
        .returns(Duration.ofSeconds(10), Shutdown::deadline)
        .returns(Duration.ofSeconds(10), Shutdown::quiet);
    assertThat(loaded.warnings().toString())
        .contains(":1: shutdown.quiet: PANNIER_SHUTDOWN_QUIET outranks it, and says 15s");
    assertThat(loaded("shutdown: {quiet: 15s}", environment).warnings()).isEmpty();
    assertThat(ConfigurationLoader.load(null, Map.of("PANNIER_SHUTDOWN_QUIET", "2h")))
        .isEqualTo(
            new Loaded.Invalid(
                List.of(
                    new Problem("environment", 0, "PANNIER_SHUTDOWN_QUIET", "quiet > 1h (2h)"))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "soon | no duration: a whole number and ms, s, m or h (soon)",
        "10ms | deadline < 1s (10ms)",
        "2h | deadline > 1h (2h)"
      })
  void aDeadlineOfTheEnvironmentIsJudgedAsTheFilesIs(String value, String problem) {
    assertThat(ConfigurationLoader.load(null, Map.of("PANNIER_SHUTDOWN_DEADLINE", value)))
        .isEqualTo(
            new Loaded.Invalid(
                List.of(new Problem("environment", 0, "PANNIER_SHUTDOWN_DEADLINE", problem))));
  }

  @Test
  void shipperDefaults() throws IOException {
    Configuration configuration =
        read(
            """
            shippers:
              k: {type: kafka, bootstrap_servers: "kafka:9092"}
              o: {type: otlp, endpoint: "http://backend:4317"}
              f: {type: file, path: /archive/}
              s: {type: stdout}
            """,
            Map.of());

    assertThat(configuration.shippers())
        .containsExactly(
            new ShipperSettings.Kafka(
                "k",
                Map.of(
                    Signal.LOGS, "otlp_logs",
                    Signal.TRACES, "otlp_spans",
                    Signal.METRICS, "otlp_metrics"),
                Map.of(
                    Signal.LOGS, Encoding.OTLP_PROTO,
                    Signal.TRACES, Encoding.OTLP_PROTO,
                    Signal.METRICS, Encoding.OTLP_PROTO),
                FieldNames.LOGSTASH,
                "source",
                Map.of("bootstrap.servers", "kafka:9092")),
            new ShipperSettings.Otlp(
                "o",
                URI.create("http://backend:4317"),
                Protocol.GRPC,
                Compression.NONE,
                Map.of(),
                null,
                Duration.ofSeconds(10),
                ALL),
            new ShipperSettings.File(
                "f", "/archive/", Encoding.OTLP_JSON, FieldNames.LOGSTASH, 1L << 30, ALL),
            new ShipperSettings.Stdout("s", Encoding.OTLP_JSON, FieldNames.LOGSTASH, ALL));
  }

  /// Each key of the sample has another value than its default, and each lands in its field. But for `buffer.on_full`: `after_shipped: delete`
  /// goes with its default alone.
  @Test
  void everyKeyLandsInItsField() {
    Configuration configuration =
        valid(ConfigurationLoader.load(SAMPLES.resolve("everything.yaml"), Map.of()));

    assertThat(configuration.resource().attributes())
        .containsExactly(
            Map.entry("service.name", "checkout"),
            Map.entry("deployment.environment.name", "prod"),
            Map.entry("team", "payments"));
    assertThat(configuration.memoryBytes()).isEqualTo(48 << 20);
    assertThat(configuration.stateDirectory()).isEqualTo(Path.of("/var/lib/pannier/checkout"));
    assertThat(configuration.files())
        .containsExactly(
            new FileSource(
                "orders",
                List.of("/var/log/app/orders/*.log", "/var/log/app/*.txt"),
                List.of("/var/log/app/orders/*-gc.log"),
                new ParserSpec.Logback("%d{ISO8601} [%thread] %-5level %logger{36} - %msg%n"),
                new Multiline.Start("^\\d{4}-"),
                Duration.ofMillis(250),
                StartAt.END,
                Charset.forName("GB18030"),
                ZoneId.of("Asia/Shanghai"),
                2 << 20,
                OnOversize.TRUNCATE,
                AfterShipped.DELETE),
            new FileSource(
                "audit",
                List.of("/var/log/app/audit.log"),
                List.of(),
                new ParserSpec.Regex(
                    "^(?<time>\\S+) (?<user>\\w+) (?<body>.*)$",
                    "yyyy-MM-dd'T'HH:mm:ss",
                    "Europe/Berlin"),
                new Multiline.Continue("^\\s"),
                Duration.ofMillis(100),
                StartAt.BEGINNING,
                StandardCharsets.UTF_8,
                ZoneOffset.UTC,
                1 << 20,
                OnOversize.SPLIT),
            new FileSource(
                "access",
                List.of("/var/log/app/access.log"),
                List.of(),
                new ParserSpec.Raw(),
                new Multiline.None(),
                Duration.ofMillis(100),
                StartAt.BEGINNING,
                StandardCharsets.UTF_8,
                ZoneOffset.UTC,
                1 << 20,
                OnOversize.DROP));
    assertThat(configuration.otlp())
        .isEqualTo(
            new OtlpSource(
                new Address("127.0.0.1", 14317),
                new Address("::1", 14318),
                Acknowledge.ACCEPTED,
                8 << 20,
                512 << 10));
    assertThat(configuration.processors())
        .containsExactly(
            new Redact(
                List.of("credit_card", "jwt"),
                List.of("AKIA[0-9A-Z]{16}"),
                "***",
                new When("com.example.*", 0)),
            new Add(Map.of("cluster", "blue"), new When(null, 17)),
            new Drop(new When("org.apache.kafka.*", 13)));
    assertThat(configuration.buffer())
        .isEqualTo(
            new BufferSettings(
                BufferSettings.Type.DISK,
                Path.of("/var/lib/pannier/waiting"),
                64 << 20,
                BufferSettings.OnFull.BACKPRESSURE));
    assertThat(configuration.shippers())
        .containsExactly(
            new ShipperSettings.Kafka(
                "events",
                Map.of(Signal.LOGS, "logs.${resource:service.name}", Signal.TRACES, "spans"),
                Map.of(Signal.LOGS, Encoding.JSON, Signal.TRACES, Encoding.OTLP_JSON),
                FieldNames.ECS,
                "resource:service.name",
                Map.of(
                    "bootstrap.servers", "kafka-0:9092,kafka-1:9092",
                    "compression.type", "zstd",
                    "linger.ms", "5"),
                null),
            new ShipperSettings.Kafka(
                "once",
                Map.of(Signal.LOGS, "shop_once"),
                Map.of(Signal.LOGS, Encoding.OTLP_PROTO),
                FieldNames.LOGSTASH,
                "source",
                Map.of("bootstrap.servers", "kafka-0:9092,kafka-1:9092"),
                new ShipperSettings.Transactions("shop-", "shop_positions")),
            new ShipperSettings.Otlp(
                "backend",
                URI.create("https://otel-collector:4318/base"),
                Protocol.HTTP_JSON,
                Compression.GZIP,
                Map.of("x-tenant", "payments"),
                new Tls(
                    Path.of("/etc/pannier/ca.pem"),
                    Path.of("/etc/pannier/tls.crt"),
                    Path.of("/etc/pannier/tls.key")),
                Duration.ofSeconds(3),
                Set.of(Signal.TRACES, Signal.METRICS)),
            new ShipperSettings.File(
                "archive",
                "/var/lib/pannier/archive/",
                Encoding.JSON,
                FieldNames.OTEL,
                64 << 20,
                Set.of(Signal.LOGS)),
            new ShipperSettings.Stdout(
                "console", Encoding.RAW, FieldNames.ECS, Set.of(Signal.LOGS)),
            new ShipperSettings.File(
                "spill",
                "/var/lib/pannier/spill/",
                Encoding.OTLP_JSON,
                FieldNames.LOGSTASH,
                32 << 20,
                Set.of(Signal.TRACES, Signal.METRICS)));
    assertThat(configuration.admin())
        .isEqualTo(new Admin(new Address("0.0.0.0", 18686), "example"));
    assertThat(configuration.policies())
        .isEqualTo(
            Map.of(
                "events",
                new ShipperPolicy(
                    true,
                    new DeadLettersTo.Topic("pannier_dead_letters"),
                    new ShipperPolicy.CircuitBreaker(7, Duration.ofMinutes(1)),
                    null),
                "once",
                new ShipperPolicy(true, new DeadLettersTo.Topic("shop_dead_letters"), null, null),
                "backend",
                new ShipperPolicy(
                    false,
                    new DeadLettersTo.File(Path.of("/var/lib/pannier/dead.jsonl"), 8 << 20),
                    new ShipperPolicy.CircuitBreaker(5, Duration.ofSeconds(30)),
                    "spill"),
                "archive",
                ShipperPolicy.DEFAULT,
                "console",
                ShipperPolicy.DEFAULT,
                "spill",
                ShipperPolicy.DEFAULT));
    assertThat(configuration.isFallback("spill")).isTrue();
    assertThat(configuration.isFallback("archive")).isFalse();
    assertThat(configuration.shutdown())
        .isEqualTo(
            new Shutdown(
                Duration.ofSeconds(45), Duration.ofSeconds(2), Path.of("/dev/termination-log")));
  }

  static Stream<Path> samples() throws IOException {
    try (Stream<Path> files = Files.list(SAMPLES)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void eachSampleIsValid(Path sample) {
    assertThat(ConfigurationLoader.load(sample, Map.of())).isInstanceOf(Loaded.Valid.class);
  }

  /// The ConfigMaps of `deploy`, whose Secrets are files there.
  @Test
  void eachConfigurationOfTheSamplesForPodsIsValid() throws IOException {
    Pattern configuration = Pattern.compile("(?m)^  pannier\\.yaml: \\|\\n((?:    .*\\n|\\n)+)");
    Files.writeString(folder.resolve("sasl.jaas.config"), "example.Login required;");
    List<Path> files;
    try (Stream<Path> tree = Files.walk(Path.of("../deploy/samples"))) {
      files = tree.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
    int found = 0;
    for (Path file : files) {
      Matcher matcher = configuration.matcher(Files.readString(file));
      while (matcher.find()) {
        found++;
        String text =
            matcher.group(1).replace("/var/run/secrets/pannier/", folder.resolve("") + "/");
        Path mounted = Files.writeString(folder.resolve("pannier.yaml"), text.stripIndent());
        Loaded loaded = ConfigurationLoader.load(mounted, Map.of());
        assertThat(loaded).as("%s: %s", file, loaded).isInstanceOf(Loaded.Valid.class);
        assertThat(((Loaded.Valid) loaded).warnings()).isEmpty();
      }
    }
    assertThat(found).isPositive();
  }

  @Test
  void sourcesCanBeSwitchedOff() throws IOException {
    Configuration configuration = read("sources: {files: none, otlp: none}", Map.of());

    assertThat(configuration.files()).isEmpty();
    assertThat(configuration.otlp()).isNull();
    assertThat(read("sources: {otlp: {grpc: none}}", Map.of()).otlp())
        .isEqualTo(
            new OtlpSource(
                null, new Address("127.0.0.1", 4318), Acknowledge.DELIVERED, 4 << 20, 1 << 20));
  }

  @Test
  void aSmallMemoryLowersTheDefaultsThatRestOnIt() throws IOException {
    Configuration configuration = read("memory: 4MiB", Map.of());

    assertThat(configuration.otlp()).extracting("maxRequest").isEqualTo(1 << 20);
    assertThat(configuration.files().getFirst().maxRecord()).isEqualTo(1 << 19);
  }

  @Test
  void placeholdersStandInAnyValue() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "s3cret\n");
    Configuration configuration =
        read(
            """
            memory: ${env:MEMORY:-32}MiB
            sources: {otlp: {grpc: "127.0.0.1:${env:PORT}"}}
            admin: {token: "${file:%s}"}
            resource: {service_name: "${env:EMPTY:-a}-${env:EMPTY:-b}"}
            """
                .formatted(secret),
            Map.of("PORT", "14317", "EMPTY", ""));

    assertThat(configuration.memoryBytes()).isEqualTo(32 << 20);
    assertThat(configuration.otlp()).extracting("grpc").isEqualTo(new Address("127.0.0.1", 14317));
    assertThat(configuration.admin().token()).isEqualTo("s3cret");
    assertThat(configuration.resource().attributes()).containsEntry("service.name", "a-b");
  }

  @Test
  void theServicesNameComesFromTheFileThenFromItsVariableThenFromTheAttributes()
      throws IOException {
    String attributes = "service.name=c,k8s.pod.name=pod%201";

    assertThat(read("", Map.of("OTEL_RESOURCE_ATTRIBUTES", attributes)).resource().attributes())
        .containsExactly(Map.entry("service.name", "c"), Map.entry("k8s.pod.name", "pod 1"));
    assertThat(
            read("", Map.of("OTEL_RESOURCE_ATTRIBUTES", attributes, "OTEL_SERVICE_NAME", "b"))
                .resource()
                .attributes())
        .containsEntry("service.name", "b");
    assertThat(
            read(
                    "resource: {service_name: a, attributes: {k8s.pod.name: own}}",
                    Map.of("OTEL_RESOURCE_ATTRIBUTES", attributes, "OTEL_SERVICE_NAME", "b"))
                .resource()
                .attributes())
        .containsExactly(Map.entry("service.name", "a"), Map.entry("k8s.pod.name", "own"));
  }

  @Test
  void resourceAttributesThatCannotBeReadAreIgnoredAsAWholeWithAWarning() {
    Loaded loaded = ConfigurationLoader.load(null, Map.of("OTEL_RESOURCE_ATTRIBUTES", "a=1,b=%zz"));

    assertThat(valid(loaded).resource().attributes())
        .containsExactly(Map.entry("service.name", "unknown_service"));
    assertThat(((Loaded.Valid) loaded).warnings())
        .extracting(Problem::toString)
        .containsExactly(
            "environment: OTEL_RESOURCE_ATTRIBUTES: ignored, since one pair is no key=value in"
                + " percent-encoding (b=%zz)");
  }

  @Test
  void whatTheDownwardApiSaysIsReadWhereItIsAskedFor() throws IOException {
    Files.writeString(
        folder.resolve("labels"),
        """
        app.kubernetes.io/name="shop"
        pannier.dev/inject="true"
        team="a=b"
        """);
    Files.writeString(
        folder.resolve("annotations"),
        """
        kubectl.kubernetes.io/restartedAt="2026-01-02"
        resource.opentelemetry.io/service.version="1\\n\\"\\\\\\u00e4\\x1b\\U0001f680"
        resource.opentelemetry.io/k8s.pod.name="somebody else"
        resource.opentelemetry.io/service.name=""
        """);
    Map<String, String> environment =
        Map.of(
            "PANNIER_PODINFO", folder.toString(),
            "K8S_POD_NAME", "shop-1",
            "K8S_NODE_NAME", "n",
            "OTEL_RESOURCE_ATTRIBUTES", "k8s.node.name=m");

    assertThat(read("resource: {detect: [env, kubernetes]}", environment).resource())
        .isEqualTo(
            new Configuration.Resource(
                Map.of(
                    "service.name", "unknown_service",
                    "k8s.pod.name", "shop-1",
                    "k8s.node.name", "m",
                    "k8s.pod.label.app.kubernetes.io/name", "shop",
                    "k8s.pod.label.team", "a=b",
                    "service.version", "1\n\"\\ä\u001B\uD83D\uDE80"),
                Map.of()));
    assertThat(read("", environment).resource().attributes())
        .containsOnly(
            Map.entry("service.name", "unknown_service"), Map.entry("k8s.node.name", "m"));
    assertThat(read("resource: {detect: [kubernetes]}", environment).resource().attributes())
        .containsEntry("k8s.node.name", "n");
  }

  @Test
  void linesOfThePodsFilesThatCannotBeReadAreWarnedOf() throws IOException {
    Path labels =
        Files.writeString(
            folder.resolve("labels"),
            "a\nb=c\nd=\"\\q\"\ne=\"\\u12\"\nf=\"\\\"\ng=\"\\Uffffffff\"\n=\"h\"\nok=\"\"\n");
    Loaded loaded =
        ConfigurationLoader.load(
            write("resource: {detect: [kubernetes]}"),
            Map.of("PANNIER_PODINFO", folder.toString()));

    assertThat(valid(loaded).resource().attributes())
        .containsOnly(
            Map.entry("service.name", "unknown_service"), Map.entry("k8s.pod.label.ok", ""));
    assertThat(((Loaded.Valid) loaded).warnings())
        .hasSize(7)
        .first()
        .hasToString("environment: " + labels + ": a line is no KEY=\"VALUE\" (a)");
  }

  @Test
  void receivedResourcesAreCompletedWithWhatIsKnown() throws IOException {
    String complete = "resource: {complete_received: true, attributes: {a: b}}";
    assertThat(read(complete, Map.of()).resource().received()).containsExactly(Map.entry("a", "b"));
    assertThat(read(complete, Map.of("OTEL_SERVICE_NAME", "shop")).resource().received())
        .containsOnly(Map.entry("service.name", "shop"), Map.entry("a", "b"));
    assertThat(read("resource: {attributes: {a: b}}", Map.of()).resource().received()).isEmpty();
  }

  @Test
  void timesWithoutAZoneAreReadInTheZoneOfTheEnvironment() throws IOException {
    assertThat(read("", Map.of("TZ", "Asia/Tokyo")).files().getFirst().zone())
        .isEqualTo(ZoneId.of("Asia/Tokyo"));
    assertThat(read("", Map.of("TZ", ":Asia/Tokyo")).files().getFirst().zone())
        .isEqualTo(ZoneId.of("Asia/Tokyo"));
  }

  @Test
  void withoutShippersTheEnvironmentDecides() throws IOException {
    Configuration configuration =
        read(
            "",
            Map.of(
                "PANNIER_KAFKA_BOOTSTRAP_SERVERS", "k1:9092,k2:9092",
                "OTEL_EXPORTER_OTLP_ENDPOINT", "https://backend:4317",
                "OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x, tenant=a",
                "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip",
                "OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem",
                "OTEL_EXPORTER_OTLP_TIMEOUT", "2500"));

    assertThat(configuration.shippers()).hasSize(2);
    assertThat(configuration.shippers().getFirst())
        .isInstanceOfSatisfying(
            ShipperSettings.Kafka.class,
            kafka ->
                assertThat(kafka.properties())
                    .containsExactly(Map.entry("bootstrap.servers", "k1:9092,k2:9092")));
    assertThat(configuration.shippers().getLast())
        .isEqualTo(
            new ShipperSettings.Otlp(
                "otlp",
                URI.create("https://backend:4317"),
                Protocol.GRPC,
                Compression.GZIP,
                Map.of("authorization", "Bearer x", "tenant", "a"),
                new Tls(Path.of("/ca.pem"), null, null),
                Duration.ofMillis(2500),
                ALL));
  }

  @Test
  void theProtocolOfTheEnvironmentIsHttpUnlessItOrThePortSaysOtherwise() throws IOException {
    assertThat(protocol(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://backend:9000")))
        .isEqualTo(Protocol.HTTP_PROTOBUF);
    assertThat(
            protocol(
                Map.of(
                    "OTEL_EXPORTER_OTLP_ENDPOINT", "http://backend:9000",
                    "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")))
        .isEqualTo(Protocol.GRPC);
  }

  private Protocol protocol(Map<String, String> environment) throws IOException {
    return ((ShipperSettings.Otlp) read("", environment).shippers().getFirst()).protocol();
  }

  @Test
  void theStateLivesWhereItCanBeWritten() throws IOException {
    Path parent = folder.resolve("state");

    assertThat(StateDirectory.byDefault(parent, Map.of())).isEqualTo(parent);
    Path unwritable = Files.writeString(folder.resolve("file"), "").resolve("pannier");
    assertThat(StateDirectory.byDefault(unwritable, Map.of("XDG_STATE_HOME", "/s", "HOME", "/h")))
        .isEqualTo(Path.of("/s/pannier"));
    assertThat(StateDirectory.byDefault(unwritable, Map.of("HOME", "/h")))
        .isEqualTo(Path.of("/h/.local/state/pannier"));
    assertThat(StateDirectory.byDefault(unwritable, Map.of())).isEqualTo(unwritable);
  }

  /// Whatever home its user has, which is the root of a file system that cannot be written.
  @Test
  void theStateOfTheImageLivesWhereAVolumeIsToBeMountedOrNowhere() throws IOException {
    Path unwritable = Files.writeString(folder.resolve("file"), "").resolve("pannier");
    Matcher variable =
        Pattern.compile("^ENV (?:.*\\\\\n)*? *XDG_STATE_HOME=(\\S+)$", Pattern.MULTILINE)
            .matcher(Files.readString(Path.of("../deploy/Dockerfile")));
    assertThat(variable.find()).isTrue();
    Map<String, String> image = Map.of("XDG_STATE_HOME", variable.group(1), "HOME", "/");

    assertThat(StateDirectory.byDefault(unwritable, image)).isEqualTo(Path.of("/var/lib/pannier"));
  }
}

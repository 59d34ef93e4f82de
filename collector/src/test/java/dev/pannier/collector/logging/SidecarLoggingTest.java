package dev.pannier.collector.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class SidecarLoggingTest {
  private final LoggerContext context = new LoggerContext();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private MergingAppender merging;
  private Logger log;

  @BeforeEach
  void start() {
    context.setMDCAdapter(new LogbackMDCAdapter());
    OutputStreamAppender<ILoggingEvent> target = new OutputStreamAppender<>();
    target.setContext(context);
    LineEncoder encoder = new LineEncoder();
    encoder.setContext(context);
    encoder.start();
    target.setEncoder(encoder);
    target.setOutputStream(out);
    target.start();
    merging = new MergingAppender(target);
    merging.setContext(context);
    merging.start();
    log = context.getLogger("dev.pannier.test");
    log.addAppender(merging);
  }

  private List<String> lines() {
    merging.stop();
    merging.stop();
    assertThat(context.getStatusManager().getCopyOfStatusList()).isEmpty();
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void anEventIsOneJsonLineInLogstashsNames() {
    log.atWarn().addKeyValue("shipper", "events").log("gone: {}", "x");

    assertThat(lines())
        .singleElement()
        .asString()
        .matches(
            "\\{\"@timestamp\":\"[^\"]+Z\",\"message\":\"gone: x\","
                + "\"logger_name\":\"dev.pannier.test\",\"thread_name\":\"[^\"]+\","
                + "\"level\":\"WARN\",\"level_value\":30000,\"shipper\":\"events\"}");
  }

  @Test
  void repeatsAreOneLineWithACountWrittenAtTheLatestAtTheEnd() {
    for (int i = 0; i < 1000; i++) {
      log.error("broker is away", new IllegalStateException("x"));
    }

    List<String> lines = lines();
    assertThat(lines).hasSize(2);
    assertThat(lines.getFirst()).contains("\"stack_trace\":").doesNotContain("repeated");
    assertThat(lines.getLast())
        .contains("\"message\":\"broker is away\"", "\"repeated\":999")
        .doesNotContain("stack_trace");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ssl.keystore.password = hunter2         | hunter2
          {"client_secret":"hunter2","a":1}       | hunter2
          token: hunter2, user: me                | hunter2
          Authorization: Bearer abcdefghijkl      | abcdefghijkl
          sent Bearer abcdefghijkl                | abcdefghijkl
          authorization=Basic dXNlcjpwdw==        | dXNlcjpwdw==
          sasl.jaas.config=Login required username="alice" password="hunter2"; | hunter2
          sasl.jaas.config=Login required username="alice" password="hunter2"; | alice
          sasl.jaas.config=Login required username="alice" password="abc;hunter2"; | hunter2
          sasl.jaas.config=Login required password="ab\\";hunter2"; | hunter2
          "sasl.jaas.config": "Login required password=\\"a;hunter2\\";" | hunter2
          password="abc\\"hunter2"                | hunter2
          password='it\\'s hunter2'               | hunter2
          password="cut hunter2                   | hunter2
          cannot reach http://me:hunter2@host/v1  | hunter2
          cannot reach https://hunter2@host:4318  | hunter2
          """)
  void secretsAreMasked(String message, String secret) {
    log.info("{}", message);
    log.info("failed", new IllegalStateException(message));

    assertThat(lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).contains("****").doesNotContain(secret));
  }

  @Test
  void longQuotedSecretIsMaskedToItsEnd() {
    String masked = Masking.mask("password=\"" + "\\\"'".repeat(5_000) + "hunter2\"; bye");

    assertThat(masked).isEqualTo("password=****; bye");
  }

  @Test
  void fieldsWithASecretsNameAreMasked() {
    log.atInfo().addKeyValue("admin.token", "hunter2").log("x");

    assertThat(lines())
        .singleElement()
        .asString()
        .contains("\"admin.token\":\"****\"")
        .doesNotContain("hunter2");
  }

  @Test
  void textThatIsNoSecretStays() {
    String text = "tokens are fine: partition 3 of topic otlp_logs, offset=12, position_bytes=17";

    assertThat(Masking.mask(text)).isEqualTo(text);
  }

  @Test
  void aLineIsBounded() {
    log.info("x".repeat(1 << 20));

    assertThat(lines().getFirst().length()).isLessThan(Masking.MAX_CHARACTERS + 500);
  }

  @Test
  void theServiceIsFoundAndItsLevelsStand() {
    LoggerContext found = (LoggerContext) LoggerFactory.getILoggerFactory();

    assertThat(found.getLogger("dev.pannier").getLevel()).isEqualTo(Level.INFO);
    assertThat(found.getLogger("org.apache.kafka").getLevel()).isEqualTo(Level.WARN);
    assertThat(found.getLogger("ROOT").getAppender("merging")).isNotNull();
    assertThat(System.getProperty("java.util.logging.config.class"))
        .isEqualTo(JulBridge.class.getName());
  }

  @Test
  void theProviderThatMainNamesIsSetUpAlike() {
    LogProvider provider = new LogProvider();
    provider.initialize();

    LoggerContext found = (LoggerContext) provider.getLoggerFactory();
    assertThat(found.getLogger("dev.pannier").getLevel()).isEqualTo(Level.INFO);
    assertThat(found.getLogger("ROOT").getAppender("merging")).isNotNull();
  }
}

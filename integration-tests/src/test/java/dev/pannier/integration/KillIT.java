package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The packaged sidecar is killed at random moments, again and again, while a file is written and rotated and spans arrive: in each
/// delivery mode and with each buffer. As often as `pannier.test.kills` says, at moments that `pannier.test.seed` chooses:
/// `mvn verify -pl integration-tests -am -Dtest=None -Dit.test=KillIT -Dsurefire.failIfNoSpecifiedTests=false
/// -Dfailsafe.failIfNoSpecifiedTests=false -Dpannier.test.kills=100`.
class KillIT {
  private static final int KILLS = Integer.getInteger("pannier.test.kills", 5);
  private static final long SEED = Long.getLong("pannier.test.seed", 7);
  private static final int LONGEST_LIFE_MILLIS = 1_500;

  @TempDir private Path folder;

  private static String configuration(
      Kafka kafka, String delivery, String buffer, String logs, String spans) {
    return """
    sources:
      files:
        - {name: app, include: ["${LOGS}/app.log*"], parser: raw}
      otlp: {grpc: none, http: "127.0.0.1:${HTTP}"}
    buffer: {type: %s%s}
    shippers:
      events:
        type: kafka
        bootstrap_servers: "%s"
        topics: {logs: %s, traces: %s}
        signals: [logs, traces]
        delivery: %s
    """
        .formatted(
            buffer,
            buffer.equals("disk") ? ", directory: \"${DIR}/buffer\"" : "",
            kafka.servers(),
            logs,
            spans,
            delivery);
  }

  @ParameterizedTest
  @CsvSource({
    "at_least_once, memory",
    "at_least_once, disk",
    "exactly_once, memory",
    "exactly_once, disk"
  })
  void whatWasWrittenAndAcknowledgedArrives(String delivery, String buffer) throws Exception {
    Kafka kafka = Kafka.shared();
    String logs = kafka.topic("kill-logs");
    String spans = kafka.topic("kill-spans");
    SplittableRandom random = new SplittableRandom(SEED);
    Sidecar configured =
        new Sidecar(folder).configure(configuration(kafka, delivery, buffer, logs, spans));
    try (Sidecar sidecar = configured;
        Application application = Application.rotating(sidecar.log("app.log"));
        Requests requests = new Requests(sidecar.httpPort());
        Topic readLogs = new Topic(kafka.servers(), logs);
        Topic readSpans = new Topic(kafka.servers(), spans)) {
      for (int i = 0; i < KILLS; i++) {
        sidecar.launch(Map.of());
        // Each third one dies while it starts, whatever it has reached by then.
        if (random.nextInt(3) > 0) {
          int before = readLogs.rest().messages().size();
          readLogs.await(all -> all.messages().size() > before);
        }
        await()
            .pollDelay(Duration.ofMillis(random.nextInt(1, LONGEST_LIFE_MILLIS)))
            .until(() -> sidecar.running().isAlive());
        sidecar.kill();
      }
      sidecar.start();
      List<String> written = application.end();
      requests.end();
      readLogs.await(all -> all.bodies().contains(written.getLast()));
      assertThat(sidecar.stop()).isZero();

      List<String> lines = readLogs.rest().bodies();
      List<String> ids =
          readSpans.rest().spans().stream()
              .map(span -> HexFormat.of().formatHex(span.getSpanId().toByteArray()))
              .toList();
      Set<String> unanswered = new HashSet<>(requests.unanswered());
      List<String> answered = ids.stream().filter(id -> !unanswered.contains(id)).toList();
      List<String> uncertain = ids.stream().filter(unanswered::contains).toList();
      System.out.printf(
          "%s, %s: %,d kills; %,d lines, %,d lost, %,d twice; %,d requests acknowledged, %,d lost,"
              + " %,d twice; %,d unanswered, %,d of them arrived, %,d twice%n",
          delivery,
          buffer,
          KILLS,
          written.size(),
          missing(written, lines),
          repeats(lines),
          requests.acknowledged().size(),
          missing(requests.acknowledged(), answered),
          repeats(answered),
          unanswered.size(),
          uncertain.size() - repeats(uncertain),
          repeats(uncertain));
      assertThat(lines).containsAll(written);
      assertThat(answered).containsAll(requests.acknowledged());
      if (delivery.equals("exactly_once")) {
        assertThat(lines).doesNotHaveDuplicates();
        assertThat(answered).doesNotHaveDuplicates();
      }
      assertThat(new HashSet<>(written)).containsAll(lines);
      assertThat(requests.acknowledged()).isNotEmpty();
    }
  }

  private static int repeats(List<String> arrived) {
    return arrived.size() - new HashSet<>(arrived).size();
  }

  private static int missing(List<String> sent, List<String> arrived) {
    Set<String> left = new HashSet<>(sent);
    left.removeAll(new HashSet<>(arrived));
    return left.size();
  }
}

package dev.pannier.integration;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The packaged sidecar is killed at random moments, again and again, while a file is written and rotated and spans arrive: in each
/// delivery mode and with each buffer. As often as `pannier.test.kills` says, at moments that `pannier.test.seed` chooses; the
/// module's README has the command.
@Execution(ExecutionMode.CONCURRENT)
class KillIT {
  private static final int KILLS = Integer.getInteger("pannier.test.kills", 5);
  private static final long SEED = Long.getLong("pannier.test.seed", 7);
  private static final int LONGEST_LIFE_MILLIS = 1_500;

  @TempDir private Path folder;

  private static String configuration(
      Kafka kafka, String delivery, String buffer, String acknowledge, String logs, String spans) {
    return """
    sources:
      files:
        - {name: app, include: ["${LOGS}/app.log*"], parser: raw}
      otlp: {grpc: none, http: "127.0.0.1:${HTTP}", acknowledge: %s}
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
            acknowledge,
            buffer,
            buffer.equals("disk") ? ", directory: \"${DIR}/buffer\"" : "",
            kafka.servers(),
            logs,
            spans,
            delivery);
  }

  @ParameterizedTest
  @CsvSource({
    "at_least_once, memory, delivered",
    "at_least_once, disk, durable",
    "at_least_once, disk, delivered",
    "exactly_once, memory, delivered",
    "exactly_once, disk, durable",
    "exactly_once, disk, delivered"
  })
  void whatWasWrittenAndAcknowledgedArrives(String delivery, String buffer, String acknowledge)
      throws Exception {
    Kafka kafka = Kafka.shared();
    String logs = kafka.topic("kill-logs");
    String spans = kafka.topic("kill-spans");
    SplittableRandom random = new SplittableRandom(SEED);
    Sidecar sidecar =
        new Sidecar(folder)
            .configure(configuration(kafka, delivery, buffer, acknowledge, logs, spans));
    try (Traffic traffic = new Traffic(sidecar, kafka, logs, spans)) {
      for (int i = 0; i < KILLS; i++) {
        sidecar.launch();
        // Each third one dies while it starts, whatever it has reached by then.
        if (random.nextInt(3) > 0) {
          traffic.awaitLines();
        }
        await()
            .pollDelay(Duration.ofMillis(random.nextInt(1, LONGEST_LIFE_MILLIS)))
            .until(() -> sidecar.running().isAlive());
        sidecar.kill();
      }
      sidecar.start();
      Account account = traffic.end();
      System.out.printf(
          "%s, %s, %s: %,d kills; %s%n", delivery, buffer, acknowledge, KILLS, account);
      account.assertNothingLost();
      if (delivery.equals("exactly_once")) {
        account.assertNothingTwice();
      }
    }
  }
}

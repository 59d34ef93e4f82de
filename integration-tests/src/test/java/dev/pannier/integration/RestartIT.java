package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// The end of the process and its next start: what was shipped is not shipped again, what was not is.
@Execution(ExecutionMode.CONCURRENT)
class RestartIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static Kafka kafka;

  @TempDir private Path folder;
  private String topic;

  @BeforeAll
  static void broker() throws Exception {
    kafka = Kafka.shared();
  }

  @BeforeEach
  void ownTopic() throws Exception {
    topic = kafka.topic("restart");
  }

  private Sidecar sidecar() throws Exception {
    return sidecar("");
  }

  private Sidecar sidecar(String more) throws Exception {
    return new Sidecar(folder)
        .configure(
            Sidecar.files("parser: raw")
                + more
                + """
                shippers:
                  events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]}
                """
                    .formatted(kafka.servers(), topic));
  }

  private static List<String> append(Path file, String prefix, int count) throws Exception {
    List<String> lines = IntStream.range(0, count).mapToObj(i -> prefix + " " + i).toList();
    Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return lines;
  }

  @Test
  void nothingIsLostOrRepeatedOverSigterm() throws Exception {
    List<String> written = new ArrayList<>();
    try (Sidecar sidecar = sidecar();
        Topic read = new Topic(kafka.servers(), topic)) {
      for (int run = 0; run < 3; run++) {
        written.addAll(append(sidecar.log("app.log"), "before start " + run, 700));
        sidecar.start();
        written.addAll(append(sidecar.log("app.log"), "while running " + run, 700));
        assertThat(sidecar.stop()).isZero();
      }
      assertThat(read.rest().bodies()).containsExactlyElementsOf(written);
    }
  }

  /// Kubernetes shows what is there, also of a container that was out of memory.
  @Test
  void aKilledSidecarLeavesItsReceiptAsTerminationMessage() throws Exception {
    Path message = folder.resolve("termination-log");
    try (Sidecar sidecar =
        new Sidecar(folder)
            .configure(
                Sidecar.files("parser: raw")
                    + "shippers: {events: {type: kafka, bootstrap_servers: \"127.0.0.1:9\"}}\n"
                    + "shutdown: {termination_log: \"${DIR}/termination-log\"}\n")) {
      append(sidecar.log("app.log"), "before the end", 10);
      sidecar.launch();
      await("told")
          .atMost(PATIENCE)
          .until(() -> Files.exists(message) && Files.readString(message).contains("app.log"));
      append(sidecar.log("app.log"), "before the end", 10);
      String size = String.valueOf(Files.size(sidecar.log("app.log")));
      await("renewed").atMost(PATIENCE).until(() -> Files.readString(message).contains(size));
      sidecar.kill();
      assertThat(message)
          .content()
          .startsWith("so far: unshipped bytes " + size + ", lost bytes 0\n")
          .contains("app.log unshipped 0-" + size + " (" + size + ")\n");
    }
  }

  @Test
  void aKilledSidecarLosesNothing() throws Exception {
    List<String> written = new ArrayList<>();
    try (Sidecar sidecar = sidecar();
        Topic read = new Topic(kafka.servers(), topic)) {
      for (int run = 0; run < 3; run++) {
        sidecar.start();
        written.addAll(append(sidecar.log("app.log"), "run " + run, 5_000));
        int seen = run * 5_000;
        read.await(topic -> topic.logs().size() > seen);
        sidecar.kill();
      }
      sidecar.start();
      read.await(topic -> new HashSet<>(topic.bodies()).size() >= written.size());
      // Repeats are allowed; order holds for the first copy of each.
      assertThat(read.bodies().stream().distinct().toList()).containsExactlyElementsOf(written);
    }
  }

  @Test
  void aRepeatAfterAKillHasTheSameUid() throws Exception {
    try (Sidecar sidecar = sidecar();
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.start();
      append(sidecar.log("app.log"), "line", 300);
      read.await(topic -> topic.logs().size() >= 300);
      sidecar.kill();
      sidecar.start();
      append(sidecar.log("app.log"), "more", 1);
      read.await(topic -> topic.bodies().contains("more 0"));
      List<String> uids =
          read.logs().stream().map(record -> Topic.uid(record).orElseThrow()).distinct().toList();
      assertThat(uids).hasSize(301);
    }
  }

  @Test
  void aPartialLastLineIsHeldUntilItsEndArrives() throws Exception {
    try (Sidecar sidecar = sidecar();
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.start();
      Files.writeString(sidecar.log("app.log"), "whole\nfirst half, ");
      read.await(topic -> topic.bodies().contains("whole"));
      Files.writeString(sidecar.log("app.log"), "second half\n", StandardOpenOption.APPEND);
      read.await(topic -> topic.logs().size() >= 2);
      assertThat(read.bodies()).containsExactly("whole", "first half, second half");
    }
  }

  @Test
  void theSecondSigtermEndsItAtOnceWithItsPositionsSaved() throws Exception {
    // By itself it would end when ten minutes were quiet: longer than anybody waits here.
    try (Sidecar sidecar = sidecar("shutdown: {deadline: 30m, quiet: 10m}\n");
        Topic read = new Topic(kafka.servers(), topic)) {
      List<String> written = new ArrayList<>(append(sidecar.log("app.log"), "first", 500));
      sidecar.start();
      read.await(topic -> topic.logs().size() >= 500);
      sidecar.signal();
      // Two signals that come before the first is noticed are one.
      await().atMost(PATIENCE).until(() -> sidecar.errors().contains("stopping: draining"));
      sidecar.signal();
      sidecar.awaitExit();
      written.addAll(append(sidecar.log("app.log"), "second", 500));
      sidecar.start();
      read.await(topic -> topic.bodies().contains("second 499"));
      assertThat(read.rest().bodies()).containsExactlyElementsOf(written);
    }
  }

  /// As beside an application that an upgrade of the sidecar alone leaves running.
  @Test
  void nothingIsLostOrRepeatedBesideAnApplicationThatGoesOnWriting() throws Exception {
    List<String> written = Collections.synchronizedList(new ArrayList<>());
    AtomicBoolean ends = new AtomicBoolean();
    AtomicReference<Exception> failure = new AtomicReference<>();
    try (Sidecar sidecar = sidecar("shutdown: {deadline: 6s, quiet: 1s}\n");
        Topic read = new Topic(kafka.servers(), topic)) {
      Path file = sidecar.log("app.log");
      Thread application =
          new Thread(
              () -> {
                try {
                  while (!ends.get()) {
                    StringBuilder lines = new StringBuilder();
                    for (int i = 0; i < 20; i++) {
                      String line = "line " + written.size();
                      written.add(line);
                      lines.append(line).append('\n');
                    }
                    Files.writeString(
                        file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                    Thread.sleep(5);
                  }
                } catch (IOException | InterruptedException e) {
                  failure.set(e);
                }
              });
      application.start();
      for (int run = 0; run < 3; run++) {
        int before = written.size();
        sidecar.start();
        read.await(topic -> topic.logs().size() > before);
        if (run == 2) {
          ends.set(true);
          application.join();
        }
        assertThat(sidecar.stop()).isZero();
      }
      assertThat(failure.get()).isNull();
      assertThat(read.rest().bodies()).containsExactlyElementsOf(written);
    } finally {
      ends.set(true);
    }
  }

  @Test
  void linesWrittenAfterSigtermAreShipped() throws Exception {
    try (Sidecar sidecar = sidecar();
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.start();
      List<String> written = new ArrayList<>(append(sidecar.log("app.log"), "before", 100));
      sidecar.signal();
      written.addAll(append(sidecar.log("app.log"), "after", 100));
      Files.writeString(sidecar.log("app.log"), "no line end", StandardOpenOption.APPEND);
      written.add("no line end");
      assertThat(sidecar.awaitExit()).isZero();
      assertThat(read.rest().bodies()).containsExactlyElementsOf(written);
    }
  }
}

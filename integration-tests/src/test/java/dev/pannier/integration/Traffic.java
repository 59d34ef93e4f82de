package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// An application that writes and rotates its log, and a client that sends spans, at one sidecar; and a consumer
/// of what it ships. Both begin at once, whether the sidecar runs or not.
final class Traffic implements AutoCloseable {
  private static final int QUIET_LENGTH = 1024;

  private final Sidecar sidecar;
  private final Kafka kafka;
  private final String logs;
  private final Application application;
  private final Requests requests;
  private final Topic spans;
  private final Path quiet;
  private final List<String> quietLines = new ArrayList<>();
  private Topic lines;

  /// @param sidecar reads `app.log*` and takes OTLP over HTTP; it is closed with this
  /// @param logs    its topic of logs, in `otlp_proto`
  /// @param spans   its topic of spans
  Traffic(Sidecar sidecar, Kafka kafka, String logs, String spans) {
    this.sidecar = sidecar;
    this.kafka = kafka;
    this.logs = logs;
    lines = new Topic(kafka.servers(), logs);
    this.spans = new Topic(kafka.servers(), spans);
    quiet = sidecar.log("app.log-quiet");
    application = Application.rotating(sidecar.log("app.log"));
    requests = new Requests(sidecar.httpPort());
  }

  Sidecar sidecar() {
    return sidecar;
  }

  /// The name of the topic of logs.
  String logs() {
    return logs;
  }

  /// Waits until more lines have arrived than there are now.
  Traffic awaitLines() {
    awaitMore(lines);
    return this;
  }

  /// Waits until more lines and more spans have arrived than there are now.
  Traffic awaitMore() {
    awaitMore(lines);
    awaitMore(spans);
    return this;
  }

  /// Waits until more spans have arrived than there are now.
  Traffic awaitSpans() {
    awaitMore(spans);
    return this;
  }

  /// Writes a line into a log that is never rotated, and waits until it has arrived: new files may have to wait, and so may
  /// those that are hardly longer than nothing, so it is a long one.
  Traffic awaitQuietLine() throws IOException {
    String line = "quiet line " + quietLines.size() + " for " + logs + ".".repeat(QUIET_LENGTH);
    quietLines.add(line);
    Files.writeString(quiet, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    lines.await(all -> all.bodies().contains(line));
    return this;
  }

  private static void awaitMore(Topic topic) {
    int before = topic.rest().messages().size();
    topic.await(all -> all.messages().size() > before);
  }

  /// The topic of logs was deleted and is there again: from now on what is in the new one counts.
  ///
  /// @return the lines that the consumer had of the old one
  List<String> topicIsNew() {
    List<String> before = lines.bodies();
    lines.close();
    lines = new Topic(kafka.servers(), logs);
    return before;
  }

  /// Ends the application and the client, waits for the last line and stops the sidecar.
  Account end() throws Exception {
    List<String> written = new ArrayList<>(application.end());
    requests.end();
    String last = written.getLast();
    lines.await(all -> all.bodies().contains(last));
    written.addAll(quietLines);
    assertThat(sidecar.stop()).as(sidecar.errors()).isZero();
    return new Account(
        written,
        lines.rest().bodies(),
        requests.acknowledged(),
        requests.unanswered(),
        spans.rest().spanIds());
  }

  @Override
  public void close() {
    application.close();
    requests.close();
    sidecar.close();
    lines.close();
    spans.close();
  }
}

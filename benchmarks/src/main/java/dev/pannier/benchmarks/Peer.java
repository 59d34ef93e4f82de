package dev.pannier.benchmarks;

import dev.pannier.benchmarks.Plan.Work;
import dev.pannier.demo.ChildProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Another tool that does the same work, measured where it is found on `PATH`: idempotent, `acks=all`,
/// lz4, and nothing that is dropped when Kafka is slower than the file, as for the sidecar.
@SuppressWarnings("ImmutableEnumChecker") // what List.of and Set.of make
enum Peer {
  /// `rsyslogd` with `imfile` and `omkafka` (Debian: `rsyslog`, `rsyslog-kafka`).
  RSYSLOG("rsyslog", List.of("rsyslogd"), Set.of(Work.RAW)) {
    @Override
    String configuration(Work work, Path input, String servers, String topic, Path folder) {
      return """
      global(workDirectory="%1$s")
      module(load="imfile")
      module(load="omkafka")
      template(name="line" type="string" string="%%msg%%")
      input(type="imfile" File="%2$s" Tag="app" ruleset="ship")
      ruleset(name="ship") {
        action(type="omkafka" broker=["%3$s"] topic="%4$s" template="line"
          action.resumeRetryCount="-1"
          confParam=["compression.codec=lz4", "acks=all", "enable.idempotence=true", "linger.ms=5"])
      }
      """
          .formatted(folder, input, servers, topic);
    }

    @Override
    List<String> arguments(Path configuration) {
      return List.of("-n", "-i", "NONE", "-f", configuration.toString());
    }
  },

  /// A distribution with the `filelog` receiver and the `kafka` exporter.
  COLLECTOR(
      "OpenTelemetry Collector",
      List.of("otelcol-contrib", "otelcol"),
      Set.of(Work.OTLP, Work.RAW, Work.JSON_OTLP)) {
    @Override
    String configuration(Work work, Path input, String servers, String topic, Path folder) {
      return """
      receivers:
        filelog: {include: ["%s"], start_at: beginning%s}
      processors:
        batch: {send_batch_size: 512, send_batch_max_size: 512, timeout: 200ms}
      exporters:
        kafka:
          brokers: ["%s"]
          logs: {topic: %s, encoding: %s}
          producer: {compression: lz4, required_acks: -1}
          sending_queue: {block_on_overflow: true}
      service:
        telemetry: {metrics: {level: none}}
        pipelines:
          logs: {receivers: [filelog], processors: [batch], exporters: [kafka]}
      """
          .formatted(
              input,
              work == Work.JSON_OTLP ? PARSED : "",
              servers,
              topic,
              work == Work.RAW ? "raw" : "otlp_proto");
    }

    @Override
    List<String> arguments(Path configuration) {
      return List.of("--config", configuration.toString());
    }
  };

  /// Time and level of a line in logstash-logback-encoder's names, as our parser reads them.
  private static final String PARSED =
      """
      , operators: [{type: json_parser, timestamp: {parse_from: 'attributes["@timestamp"]', \
      layout_type: gotime, layout: "2006-01-02T15:04:05.999Z07:00"}, \
      severity: {parse_from: attributes.level}}]\
      """;

  private final String title;
  private final List<String> programs;
  private final Set<Work> works;

  Peer(String title, List<String> programs, Set<Work> works) {
    this.title = title;
    this.programs = programs;
    this.works = works;
  }

  /// @param folder of its own
  abstract String configuration(Work work, Path input, String servers, String topic, Path folder);

  abstract List<String> arguments(Path configuration);

  String title() {
    return title;
  }

  /// Where it is installed; empty if it is not, or has no part in the work.
  Optional<Path> program(Work work) {
    return works.contains(work) ? ChildProcess.find(programs) : Optional.empty();
  }
}

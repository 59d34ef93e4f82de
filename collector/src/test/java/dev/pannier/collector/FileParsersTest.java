package dev.pannier.collector;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.config.Loaded;
import dev.pannier.collector.tail.ParserChooser;
import dev.pannier.collector.tail.StreamedFile;
import dev.pannier.shippers.batch.Batch;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// From the configuration's text to the fields of a record.
class FileParsersTest {
  @TempDir Path folder;

  private List<LogRecord> records(String yaml, Map<String, String> environment, String lines)
      throws IOException {
    Path file = Files.writeString(folder.resolve("pannier.yaml"), yaml);
    Loaded loaded = ConfigurationLoader.load(file, environment);
    assertThat(loaded).isInstanceOf(Loaded.Valid.class);
    FileSource source = ((Loaded.Valid) loaded).configuration().files().getFirst();
    return records(source, FileParsers.chooser(source), lines);
  }

  static List<LogRecord> records(FileSource source, ParserChooser parsers, String lines)
      throws IOException {
    List<LogRecord> records = new ArrayList<>();
    StreamedFile streamed =
        new StreamedFile(
            source,
            parsers,
            Path.of("-"),
            new byte[0],
            InstantSource.fixed(Instant.parse("2026-11-23T12:00:00Z")),
            batch -> records.addAll(decoded(batch)));
    streamed.read(new ByteArrayInputStream(lines.getBytes(UTF_8)));
    return records;
  }

  private static List<LogRecord> decoded(Batch batch) {
    try {
      return ExportLogsServiceRequest.parseFrom(
              Arrays.copyOfRange(batch.bytes(), batch.offset(), batch.offset() + batch.length()))
          .getResourceLogsList()
          .stream()
          .flatMap(resource -> resource.getScopeLogsList().stream())
          .flatMap(scope -> scope.getLogRecordsList().stream())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Asia/Tokyo is 9, Asia/Kolkata 5:30, Europe/Berlin (in November) 1 hour before UTC.
  @ParameterizedTest
  @CsvSource({
    "Asia/Tokyo, Asia/Kolkata, Europe/Berlin, 2026-11-23T01:00:00Z",
    "'',         Asia/Kolkata, Europe/Berlin, 2026-11-23T04:30:00Z",
    "'',         '',           Europe/Berlin, 2026-11-23T09:00:00Z",
    "'',         '',           :Europe/Berlin, 2026-11-23T09:00:00Z",
    "'',         '',           '',            2026-11-23T10:00:00Z",
    "Asia/Tokyo, '',           '',            2026-11-23T01:00:00Z",
    "UTC,        Asia/Kolkata, Europe/Berlin, 2026-11-23T10:00:00Z",
  })
  void theZoneIsTheParsersElseTheSourcesElseTheEnvironmentsElseUtc(
      String parser, String source, String environment, Instant expected) throws IOException {
    String yaml =
        """
        parsers:
          mine:
            type: regex
            pattern: '^(?<time>\\S+ \\S+) (?<body>.*)$'
            time: {layout: "yyyy-MM-dd HH:mm:ss"%s}
        sources: {files: [{name: a, include: [/x/*.log], parser: mine%s}]}
        """
            .formatted(
                parser.isEmpty() ? "" : ", zone: " + parser,
                source.isEmpty() ? "" : ", zone: " + source);

    assertThat(
            records(
                yaml,
                environment.isEmpty() ? Map.of() : Map.of("TZ", environment),
                "2026-11-23 10:00:00 hello\n"))
        .singleElement()
        .satisfies(
            record -> {
              assertThat(record.getTimeUnixNano())
                  .isEqualTo(expected.getEpochSecond() * 1_000_000_000L);
              assertThat(record.getObservedTimeUnixNano())
                  .isEqualTo(
                      Instant.parse("2026-11-23T12:00:00Z").getEpochSecond() * 1_000_000_000L);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "auto, Asia/Kolkata, 2026-11-23T04:30:00Z",
    "logstash, Asia/Kolkata, 2026-11-23T04:30:00Z",
    "auto, '', 2026-11-23T09:00:00Z",
    "logstash, '', 2026-11-23T09:00:00Z",
  })
  void theSourcesZoneHoldsForTheBuiltInParsersToo(String parser, String source, Instant expected)
      throws IOException {
    String yaml =
        "sources: {files: [{name: a, include: [/x/*.log], parser: %s%s}]}"
            .formatted(parser, source.isEmpty() ? "" : ", zone: " + source);

    assertThat(
            records(
                yaml,
                Map.of("TZ", "Europe/Berlin"),
                "{\"@timestamp\":\"2026-11-23T10:00:00\",\"message\":\"m\",\"level\":\"INFO\"}\n"))
        .extracting(LogRecord::getTimeUnixNano)
        .containsExactly(expected.getEpochSecond() * 1_000_000_000L);
  }

  private static final String EVENTS =
      """
      parsers:
        mine: {type: regex, pattern: '^(?<severity>[A-Z]+) (?<body>.*)$'}
      sources:
        files: [{name: a, include: [/x/*.log], parser: mine, multiline: %s}]
      """;

  @Test
  void aRegexParserReadsTheRecordsThatAStartExpressionMakes() throws IOException {
    assertThat(
            records(
                EVENTS.formatted("{start: '^[A-Z]+ '}"),
                Map.of(),
                "WARN one\nno indent\n\n  two\nERROR three\nlast\n"))
        .extracting(record -> record.getSeverityText() + ":" + record.getBody().getStringValue())
        .containsExactly("WARN:one\nno indent\n\n  two", "ERROR:three\nlast");
  }

  @Test
  void aRegexParserReadsTheRecordsThatAContinueExpressionMakes() throws IOException {
    assertThat(
            records(
                EVENTS.formatted("{continue: '^(\\||Q end)'}"),
                Map.of(),
                "WARN one\n| more\nERROR two\n  three\nQ end\n"))
        .extracting(record -> record.getSeverityText() + ":" + record.getBody().getStringValue())
        .containsExactly("WARN:one\n| more", "ERROR:two", ":  three\nQ end");
  }

  @Test
  void aRegexParserWithoutMultilineReadsLines() throws IOException {
    assertThat(records(EVENTS.formatted("none"), Map.of(), "WARN one\n\tat x\n"))
        .extracting(record -> record.getSeverityText() + ":" + record.getBody().getStringValue())
        .containsExactly("WARN:one", ":\tat x");
  }
}

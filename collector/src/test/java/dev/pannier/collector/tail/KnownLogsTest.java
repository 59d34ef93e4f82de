package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KnownLogsTest {
  private static final List<Path> LOGS =
      Stream.of(
              "app.log",
              "app.txt",
              "app",
              "app.log.audit",
              "a.b.log",
              "server",
              ".hidden",
              "x-1.log",
              "app~old.log")
          .map(Path.of("/logs")::resolve)
          .toList();

  private static final List<String> ADDED =
      List.of("", ".1", "-2", "~3", "_20261130", ".2026-11-30", ".old", ".1.gz", ".gz", "1", "x");

  private static KnownLogs known() {
    KnownLogs known = new KnownLogs();
    LOGS.forEach(known::add);
    return known;
  }

  /// Each log's name, with what rotation adds behind it and before its extension.
  private static Stream<Path> names() {
    return LOGS.stream()
        .flatMap(
            log -> {
              String name = log.getFileName().toString();
              int dot = Math.max(0, name.lastIndexOf('.'));
              return ADDED.stream()
                  .flatMap(
                      added ->
                          Stream.of(
                              name + added, name.substring(0, dot) + added + name.substring(dot)));
            })
        .map(Path.of("/logs")::resolve);
  }

  @Test
  void whatIsFoundByTheBeginningIsWhatComparingWithEachLogFinds() {
    KnownLogs known = known();
    assertThat(names())
        .allSatisfy(
            file ->
                assertThat(known.rotatedTo(file))
                    .isEqualTo(
                        LOGS.stream()
                            .filter(log -> RotatedNames.isPerhapsRotated(file, log))
                            .max(Comparator.comparingInt(log -> log.toString().length()))
                            .orElse(null)));
  }

  @Test
  void theLongestNameCounts() {
    assertThat(known().rotatedTo(Path.of("/logs/app.log.audit.1")))
        .isEqualTo(Path.of("/logs/app.log.audit"));
  }

  @Test
  void whatWasRemovedIsNotFound() {
    KnownLogs known = known();
    known.removeIf(log -> !log.endsWith("app.txt"));
    assertThat(known.all()).containsExactly(Path.of("/logs/app.txt"));
    assertThat(known.rotatedTo(Path.of("/logs/app.log.1"))).isNull();
    assertThat(known.rotatedTo(Path.of("/logs/app.txt.1"))).isEqualTo(Path.of("/logs/app.txt"));
  }

  /// All begin alike, which must not make pairs of them: this would take minutes.
  @Test
  void manyFilesMeetManyLogs() {
    KnownLogs known = new KnownLogs();
    IntStream.range(0, 1_000).forEach(i -> known.add(Path.of("/logs/worker-" + i + ".log")));
    assertThat(
            IntStream.range(0, 100_000)
                .mapToObj(
                    i -> Path.of("/logs/worker-%d.log.%d".formatted(i % 1_000, i / 1_000 + 1)))
                .filter(file -> known.rotatedTo(file) != null))
        .hasSize(100_000);
  }
}

package dev.pannier.collector.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChangesTest {
  private static final String EVENTS =
      "shippers: {events: {type: kafka, bootstrap_servers: 'k:1'%s}}\n";

  @TempDir private Path folder;

  private Configuration read(String yaml) throws IOException {
    Path file = Files.writeString(folder.resolve("p.yaml"), yaml);
    Map<String, String> environment = Map.of("XDG_STATE_HOME", folder.toString());
    Loaded loaded = ConfigurationLoader.load(file, environment);
    assertThat(loaded).as(loaded.toString()).isInstanceOf(Loaded.Valid.class);
    return ((Loaded.Valid) loaded).configuration();
  }

  private Changes between(String before, String after) throws IOException {
    return Changes.between(read(before), read(after), "p.yaml");
  }

  @Test
  void whatIsWrittenOtherwiseAndMeansTheSameIsNoChange() throws IOException {
    String before = EVENTS.formatted(", properties: {compression.type: zstd, linger.ms: 5}");
    assertThat(read(before)).isEqualTo(read("# a comment\n" + before.replace("'k:1'", "\"k:1\"")));
    assertThat(between(before, before + "memory: 24MiB\n").parts()).isEmpty();
  }

  @Test
  void eachPartIsNamedAndNoValueIsShown() throws IOException {
    String before =
        """
        sources:
          files: [{name: a, include: [/l/a]}, {name: b, include: [/l/b]}]
        shippers:
          one: {type: file, path: /s/one/}
          two: {type: file, path: /s/two/}
        """;
    String after =
        """
        resource: {service_name: hush}
        sources:
          files: [{name: b, include: [/l/b], parser: raw}, {name: c, include: [/l/c]}]
          otlp: none
        processors: [{add: {a: hush}}]
        shippers:
          two: {type: file, path: /s/hush/}
          three: {type: file, path: /s/three/}
        admin: {token: hush}
        shutdown: {deadline: 10s}
        """;
    Changes changes = between(before, after);
    assertThat(changes.parts())
        .containsExactly(
            "resource changed",
            "source b changed",
            "source c added",
            "source a removed",
            "sources.otlp changed",
            "processors changed",
            "shipper two changed",
            "shipper three added",
            "shipper one removed",
            "admin changed",
            "shutdown changed");
    assertThat(changes.restarts()).isEmpty();
    assertThat(changes.toString()).doesNotContain("hush");
  }

  @Test
  void aPolicyIsItsShippers() throws IOException {
    assertThat(
            between(EVENTS.formatted(""), EVENTS.formatted(", circuit_breaker: {open_after: 3}"))
                .parts())
        .containsExactly("shipper events changed");
  }

  @Test
  void whatCannotChangeIsAProblem() throws IOException {
    assertThat(
            between("", "memory: 12MiB\nstate: {directory: /other}\nbuffer: {type: disk}\n")
                .restarts())
        .extracting(Problem::key)
        .containsExactly("memory", "state.directory", "buffer.type");
    assertThat(between("", "memory: 12MiB\n").restarts())
        .singleElement()
        .hasToString(
            "p.yaml: memory: cannot change while the sidecar runs: restart it, and with -Xmx28m at"
                + " least (24MiB → 12MiB)");
    assertThat(between("", "memory: 12MiB\nstate: {directory: /other}\n").parts())
        .containsExactly(
            "memory changed", "state.directory changed", "sources.otlp changed", "buffer changed");
    assertThat(
            between(
                    "buffer: {type: disk, directory: /a}\n",
                    "buffer: {type: disk, directory: /b, max_bytes: 100MiB}\n")
                .restarts())
        .singleElement()
        .hasToString("p.yaml: buffer.directory: cannot change while the sidecar runs: restart it");
  }

  @Test
  void exactlyOnceBeginsAtAStartWithTheDiskBufferAlone() throws IOException {
    String once = ", delivery: exactly_once";
    assertThat(between(EVENTS.formatted(""), EVENTS.formatted(once)).restarts()).isEmpty();
    String disk = "buffer: {type: disk}\n";
    assertThat(between(disk + EVENTS.formatted(""), disk + EVENTS.formatted(once)).restarts())
        .extracting(Problem::key)
        .containsExactly("shippers.events.delivery");
    assertThat(between(disk + EVENTS.formatted(once), disk + EVENTS.formatted("")).restarts())
        .isEmpty();
  }

  /// Its destination may know positions of files that are being read from further back, for the others.
  @Test
  void anotherThatStoresPositionsOfFilesComesAtAStart() throws IOException {
    String one = "shippers: {one: {type: kafka, bootstrap_servers: 'k:1', delivery: exactly_once}";
    String two = ", two: {type: kafka, bootstrap_servers: 'l:1', signals: [%s]%s}}\n";
    String once = ", delivery: exactly_once";
    String alone = one + "}\n";
    String both = one + two.formatted("logs", once);
    assertThat(between(alone, both).restarts())
        .extracting(Problem::key)
        .containsExactly("shippers.two.delivery");
    assertThat(between(one + two.formatted("logs", ""), both).restarts())
        .extracting(Problem::key)
        .containsExactly("shippers.two.delivery");
    assertThat(between(one + two.formatted("traces", once), both).restarts())
        .extracting(Problem::key)
        .containsExactly("shippers.two.signals");
    assertThat(between(alone, one + two.formatted("logs", "")).restarts()).isEmpty();
    assertThat(between(alone, one + two.formatted("traces", once)).restarts()).isEmpty();
    assertThat(between(both, alone).restarts()).isEmpty();
    assertThat(between(alone, alone.replace("one:", "other:")).restarts())
        .as("it goes on where that one stopped")
        .isEmpty();
  }
}

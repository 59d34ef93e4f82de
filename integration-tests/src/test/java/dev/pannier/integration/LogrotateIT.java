package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Debian's logrotate turns the file of a process that writes on. With `copytruncate` lines that are
/// written between copy and truncate are lost by logrotate itself, and with `compress` but without `delaycompress` those of a write to
/// a file that was opened before it was renamed, and compressed by then: what is expected is what the copies and the file hold in the end.
class LogrotateIT {
  private static final int ROTATIONS = 4;
  private static final Path LOGROTATE = Path.of("/usr/sbin/logrotate");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "copytruncate",
        "copytruncate, compress, delaycompress, dateext",
        "create 0644",
        "create 0644, compress",
        "create 0644, compress, delaycompress, dateext"
      })
  void whatLogrotateKeepsArrivesOnceAndInOrder(String directives) throws Exception {
    assumeTrue(
        Files.isExecutable(LOGROTATE), "skipped: no " + LOGROTATE + " (apt-get install logrotate)");
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("logrotate");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic);
        Writer writer = new Writer(sidecar.log("app.log"), directives.startsWith("create"))) {
      sidecar
          .configure(
              Sidecar.files("parser: raw")
                  + """
                  shippers:
                    events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]}
                  """
                      .formatted(kafka.servers(), topic))
          .start();
      for (int rotation = 0; rotation < ROTATIONS; rotation++) {
        writer.awaitMore(2_000);
        rotate(sidecar.log("app.log"), directives, rotation);
      }
      writer.awaitMore(2_000);
      writer.stop();
      List<String> kept = kept(sidecar.logs());
      assertThat(sidecar.stop()).isZero();
      List<String> bodies = read.rest().bodies();
      // What was read before logrotate lost it may be there besides.
      Set<String> expected = new HashSet<>(kept);
      assertThat(bodies.stream().filter(expected::contains)).containsExactlyElementsOf(kept);
      assertThat(bodies).doesNotHaveDuplicates().allMatch(writer::wrote);
      boolean compressesAtOnce =
          directives.contains("compress") && !directives.contains("delaycompress");
      if (directives.startsWith("create") && !compressesAtOnce) {
        assertThat(kept).as("renaming loses nothing").hasSize(writer.count());
      }
    }
  }

  private void rotate(Path log, String directives, int rotation) throws Exception {
    Path config = folder.resolve("logrotate.conf");
    String lines = directives.replace(", ", "\n  ");
    if (directives.contains("dateext")) {
      // A day of its own for each rotation.
      lines += "\n  dateformat -%Y%m%d-" + rotation;
    }
    Files.writeString(
        config,
        """
        %s {
          rotate 10
          missingok
          %s
        }
        """
            .formatted(log, lines));
    // It refuses a configuration or a folder that others may write.
    Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-r--r--"));
    Files.setPosixFilePermissions(log.getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
    Path output = folder.resolve("logrotate.out");
    Process logrotate =
        new ProcessBuilder(
                LOGROTATE.toString(),
                "--force",
                "--state",
                folder.resolve("logrotate.state").toString(),
                config.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!logrotate.waitFor(60, TimeUnit.SECONDS)) {
      logrotate.destroyForcibly();
    }
    assertThat(logrotate.waitFor()).as(Files.readString(output)).isZero();
  }

  /// The lines of the copies, the oldest first, and of the file.
  private static List<String> kept(Path logs) throws IOException {
    List<List<String>> files = new ArrayList<>();
    try (Stream<Path> all = Files.list(logs)) {
      for (Path file : all.toList()) {
        try (InputStream in = Files.newInputStream(file);
            InputStream plain = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
            BufferedReader lines =
                new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
          files.add(lines.lines().toList());
        }
      }
    }
    return files.stream()
        .filter(lines -> !lines.isEmpty())
        .sorted(Comparator.comparing(List::getFirst))
        .flatMap(List::stream)
        .toList();
  }

  /// A process that appends numbered lines, 50 in one write. It opens the file anew for each few
  /// lines where logrotate creates another; else it keeps it open.
  private static final class Writer implements AutoCloseable {
    private final Path log;
    private final Path counted;
    private final Process process;

    Writer(Path log, boolean reopens) throws IOException {
      this.log = log;
      this.counted = log.resolveSibling("../written");
      Path stop = log.resolveSibling("../stop");
      // 50 lines in one write. Where logrotate creates the file the writer does not: were it
      // faster,
      // logrotate would put that file aside as a backup that no one has ever seen under its name.
      String append =
          reopens
              ? "until printf '%%s\\n' \"$b\" | dd bs=64k iflag=fullblock oflag=append"
                  + " conv=notrunc,nocreat status=none of='"
                  + log
                  + "' 2>&-; do sleep 0.01; done"
              : "printf '%%s\\n' \"$b\"";
      String script =
          (": >> '%s'; " + (reopens ? "" : "exec >> '%s'; ")).replace("%s", log.toString())
              + ("i=0; while [ ! -e '%s' ]; do b=$(n=0; while [ $n -lt 50 ]; do printf 'line %%09d"
                      + " of the writing process\\n"
                      + "' $((i+n)); n=$((n+1)); done); i=$((i+50)); "
                      + append
                      + "; echo $i > '%s'; sleep 0.01; done")
                  .formatted(stop, counted);
      process = new ProcessBuilder("sh", "-c", script).redirectErrorStream(true).start();
    }

    int count() throws IOException {
      try {
        return Integer.parseInt(Files.readString(counted).strip());
      } catch (java.nio.file.NoSuchFileException | NumberFormatException e) {
        return 0; // not there yet, or just being written
      }
    }

    void awaitMore(int lines) throws IOException {
      int from = count();
      org.awaitility.Awaitility.await()
          .atMost(java.time.Duration.ofSeconds(60))
          .until(() -> count() >= from + lines);
    }

    void stop() throws Exception {
      Files.writeString(log.resolveSibling("../stop"), "");
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the writing process does not end");
      }
    }

    boolean wrote(String line) {
      return line.matches("line \\d{9} of the writing process");
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}

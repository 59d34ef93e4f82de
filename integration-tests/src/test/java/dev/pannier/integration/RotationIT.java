package dev.pannier.integration;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pannier.demo.Ports;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The rotation matrix on the packaged sidecar: each kind of rotation, while it runs, while it is
/// stopped and under load, with short, long and multiline records. The three record shapes and all
/// kinds of rotation share a sidecar: each has a file of its own. An inode can be used again only
/// while the sidecar is stopped; else it has the old file open.
@Execution(ExecutionMode.CONCURRENT)
class RotationIT {
  enum Kind {
    RENAME,
    RENAME_AND_GZIP,
    COPY_AND_TRUNCATE,
    DELETE,
    RECREATE
  }

  enum Moment {
    RUNNING,
    STOPPED,
    LOAD
  }

  enum Shape {
    SHORT,
    LONG,
    MULTILINE
  }

  private static final int ROTATIONS = 3;
  private static final int MAX_NEW_FILES = 100;

  @TempDir private Path folder;

  /// One application's log file, what it wrote to it, and how it is rotated.
  private static final class Application {
    private final Kind kind;
    private final Shape shape;
    private final Path file;
    private final List<String> written = new ArrayList<>();
    private int rotations;
    private int reused;

    Application(Kind kind, Shape shape, Path logs) {
      this.kind = kind;
      this.shape = shape;
      this.file = logs.resolve((kind + "-" + shape).toLowerCase(java.util.Locale.ROOT) + ".log");
    }

    void write(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        String record = record(written.size());
        Files.writeString(file, record + "\n", CREATE, APPEND);
        written.add(record);
      }
    }

    private String record(int number) {
      String begin = kind + " " + shape + " " + number;
      return switch (shape) {
        case SHORT -> begin;
        case LONG -> begin + " " + "long ".repeat(1_000) + number;
        case MULTILINE ->
            begin
                + " failed\njava.io.IOException: no "
                + number
                + "\n\tat a.B.c(B.java:1)\n\tat d.E.f(E.java:2)";
      };
    }

    void rotate() throws IOException {
      rotations++;
      Path old = file.resolveSibling(file.getFileName() + "." + rotations);
      switch (kind) {
        case RENAME -> Files.move(file, old);
        case RENAME_AND_GZIP -> {
          Files.move(file, old);
          try (OutputStream gzip =
              new GZIPOutputStream(Files.newOutputStream(Path.of(old + ".gz")))) {
            Files.copy(old, gzip);
          }
          Files.delete(old);
        }
        case COPY_AND_TRUNCATE -> {
          // The writer pauses between the two: nothing is lost by the rotation itself.
          Files.copy(file, old);
          try (FileChannel open = FileChannel.open(file, StandardOpenOption.WRITE)) {
            open.truncate(0);
          }
        }
        case DELETE -> Files.delete(file);
        case RECREATE -> recreate();
      }
    }

    /// Under the same name and, where nobody holds the old file open, with its inode: of a few new
    /// files the one that got it takes the name.
    private void recreate() throws IOException {
      Object inode = Files.getAttribute(file, "unix:ino");
      Files.delete(file);
      List<Path> others = new ArrayList<>();
      for (int i = 0; i < MAX_NEW_FILES; i++) {
        Path next = Files.createFile(file.resolveSibling(file.getFileName() + ".new" + i));
        if (Files.getAttribute(next, "unix:ino").equals(inode)) {
          Files.move(next, file);
          reused++;
          break;
        }
        others.add(next);
      }
      for (Path other : others) {
        Files.delete(other);
      }
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
    }

    /// Whether what is rotated away still is somewhere.
    boolean keeps() {
      return kind != Kind.DELETE && kind != Kind.RECREATE;
    }
  }

  static Stream<Arguments> cases() {
    return Stream.of(Moment.values()).map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachRecordArrivesOnceAndInOrder(Moment moment) throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("rotation");
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar.configure(
          Sidecar.files("parser: raw")
              + """
              shippers:
                events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]}
              """
                  .formatted(kafka.servers(), topic));
      List<Application> applications =
          Arrays.stream(Kind.values())
              .flatMap(
                  kind ->
                      Arrays.stream(Shape.values())
                          .map(shape -> new Application(kind, shape, sidecar.logs())))
              .toList();
      sidecar.start();
      int records = moment == Moment.LOAD ? 400 : 40;
      for (int round = 0; round < ROTATIONS; round++) {
        for (Application application : applications) {
          application.write(records);
        }
        if (moment != Moment.LOAD) {
          awaitAll(read, applications);
        } else {
          // What is deleted has to be read before; the others are rotated while they are read.
          awaitAll(read, applications.stream().filter(one -> !one.keeps()).toList());
        }
        if (moment == Moment.STOPPED) {
          assertThat(sidecar.stop()).isZero();
          for (Application application : applications) {
            if (application.keeps()) {
              // Written and rotated away while nobody looks.
              application.write(5);
            }
            application.rotate();
            application.write(5);
          }
          sidecar.start();
        } else {
          for (Application application : applications) {
            application.rotate();
          }
        }
      }
      for (Application application : applications) {
        application.write(records);
      }
      awaitAll(read, applications);
      assertThat(sidecar.stop()).isZero();
      read.rest();
      for (Application application : applications) {
        assertThat(bodies(read, application))
            .as("%s, %s, %s", application.kind, moment, application.shape)
            .containsExactlyElementsOf(application.written);
      }
      if (moment == Moment.STOPPED) {
        // While it runs it holds the old file open, and its inode is not free.
        assumeTrue(
            applications.stream().anyMatch(application -> application.reused > 0),
            "skipped: re-created with the same inode. The file system did not give one again");
      }
    }
  }

  /// Long enough that a file which nobody needs would be gone: it has to be quiet for 10 s.
  private static final Duration TIME_TO_DELETE = Duration.ofSeconds(14);

  @ParameterizedTest
  @ValueSource(strings = {"memory", "disk"})
  void aRotatedFileStaysUntilBothDestinationsHaveItsLastByte(String buffer) throws Exception {
    Kafka kafka = Kafka.shared();
    String topic = kafka.topic("rotation");
    int port = Ports.free(1).getFirst();
    try (Sidecar sidecar = new Sidecar(folder);
        Topic read = new Topic(kafka.servers(), topic)) {
      sidecar
          .configure(
              Sidecar.files("parser: raw, after_shipped: delete").replace("*.log", "app.log*")
                  + """
                  buffer: {type: %s}
                  shippers:
                    events: {type: kafka, bootstrap_servers: "%s", topics: {logs: %s}, signals: [logs]}
                    backend: {type: otlp, endpoint: "http://127.0.0.1:%d", protocol: http/protobuf, signals: [logs]}
                  """
                      .formatted(buffer, kafka.servers(), topic, port))
          .launch();
      sidecar.awaitAlive();
      Path live = sidecar.log("app.log");
      Path rotated = sidecar.log("app.log.1");
      Files.writeString(live, "one\ntwo\n");
      read.await(all -> all.bodies().size() >= 2);
      Files.move(live, rotated);
      Files.writeString(live, "three\n");
      read.await(all -> all.bodies().size() >= 3);
      await()
          .during(TIME_TO_DELETE)
          .atMost(TIME_TO_DELETE.plusSeconds(10))
          .until(() -> Files.exists(rotated));
      sidecar.kill();
      sidecar.launch();
      sidecar.awaitAlive();
      assertThat(rotated).hasContent("one\ntwo\n");
      try (OtlpBackend backend = OtlpBackend.http(port)) {
        await().atMost(Duration.ofSeconds(60)).until(() -> !Files.exists(rotated));
        assertThat(backend.bodies()).contains("one", "two");
        await().atMost(Duration.ofSeconds(60)).until(() -> backend.bodies().contains("three"));
        assertThat(live).hasContent("three\n");
        assertThat(sidecar.stop()).isZero();
        assertThat(backend.bodies()).containsExactly("one", "two", "three");
        assertThat(read.rest().bodies().stream().distinct()).containsExactly("one", "two", "three");
      }
    }
  }

  private static void awaitAll(Topic read, List<Application> applications) {
    int expected = applications.stream().mapToInt(one -> one.written.size()).sum();
    read.await(
        all -> {
          long found =
              applications.size() == Kind.values().length * Shape.values().length
                  ? all.logs().size()
                  : applications.stream().mapToLong(one -> bodies(all, one).size()).sum();
          return found >= expected;
        });
  }

  private static List<String> bodies(Topic read, Application application) {
    String prefix = application.kind + " " + application.shape + " ";
    return read.bodies().stream().filter(body -> body.startsWith(prefix)).toList();
  }
}

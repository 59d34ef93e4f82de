package dev.pannier.collector;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.PositionStore;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.collector.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What waits in a disk buffer is shipped, though the next start has another buffer.
@Timeout(60)
class FormerBufferTest {
  private static final String DISK = "{type: disk, directory: \"DIR/old\"}";

  @TempDir private Path folder;
  private @Nullable Sidecar sidecar;
  private boolean hasFiles = true;
  private String afterShipped = "keep";

  private Configuration read(String buffer) throws IOException {
    String text =
        """
        state: {directory: DIR/state}
        admin: {listen: "127.0.0.1:0"}
        sources:
          FILES
          otlp: OTLP
        buffer: BUFFER
        shippers: {out: {type: file, path: DIR/out/, format: raw, signals: [logs]}}
        """
            .replace("BUFFER", buffer)
            .replace(
                "FILES",
                hasFiles
                    ? "files: [{name: app, include: [\"DIR/logs/*.log\"], parser: raw,"
                        + " after_shipped: "
                        + afterShipped
                        + "}]"
                    : "files: []")
            .replace("OTLP", hasFiles ? "none" : "{grpc: \"127.0.0.1:0\", http: \"127.0.0.1:0\"}");
    Files.createDirectories(folder.resolve("logs"));
    return TestConfiguration.read(folder, text);
  }

  private void start(String buffer) throws IOException {
    Sidecar made = new Sidecar(read(buffer), "test", () -> ReloadStatus.NONE);
    sidecar = made;
    made.start();
  }

  @AfterEach
  void stopAtOnce() throws InterruptedException, IOException {
    stop(2);
  }

  private void stop(int signals) throws InterruptedException, IOException {
    Sidecar running = sidecar;
    if (running != null) {
      sidecar = null;
      Shutdown shutdown = new Shutdown(Duration.ofSeconds(20), System::nanoTime);
      for (int i = 0; i < signals; i++) {
        shutdown.ask();
      }
      running.stop(shutdown);
    }
  }

  private List<String> write(String name, int count) throws IOException {
    List<String> lines = IntStream.range(0, count).mapToObj(i -> name + " " + i).toList();
    Files.write(folder.resolve("logs").resolve(name + ".log"), lines);
    return lines;
  }

  private List<String> shipped() throws IOException {
    Path out = folder.resolve("out/logs.log");
    return Files.exists(out) ? Files.readAllLines(out) : List.of();
  }

  private boolean holds(String buffer, String text) throws IOException {
    for (Path segment : SegmentLog.files(folder.resolve(buffer))) {
      if (new String(Files.readAllBytes(segment), ISO_8859_1).contains(text)) {
        return true;
      }
    }
    return false;
  }

  @FunctionalInterface
  private interface Condition {
    boolean isMet() throws IOException;
  }

  private static void await(Condition condition) throws IOException {
    while (!condition.isMet()) {
      // By the test's timeout.
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      Thread.onSpinWait();
    }
  }

  /// Lines of a file that is gone wait in the buffer `old`, and nowhere else.
  private List<String> leave() throws IOException, InterruptedException {
    // Nothing can be written where the destination's folder should be.
    Path blocked = Files.createFile(folder.resolve("out"));
    start(DISK);
    List<String> lines = write("first", 500);
    await(() -> holds("old", "first 499"));
    stopAtOnce();
    Files.delete(folder.resolve("logs/first.log"));
    Files.delete(blocked);
    return lines;
  }

  @ParameterizedTest
  @ValueSource(strings = {"{type: memory}", "{type: disk, directory: \"DIR/new\"}"})
  void whatWaitsThereIsShipped(String next) throws Exception {
    List<String> lines = leave();
    start(next);
    await(() -> shipped().size() >= lines.size());
    List<String> more = write("second", 10);
    await(() -> shipped().size() >= lines.size() + more.size());
    assertThat(shipped().subList(0, lines.size())).isEqualTo(lines);
    assertThat(shipped().subList(lines.size(), shipped().size())).isEqualTo(more);
    // In peace: what a stop at once interrupts may come twice.
    stop(1);
    assertThat(Files.readString(folder.resolve("state/buffers")))
        .as("nothing waits there any more")
        .doesNotContain("/old");

    start(next);
    List<String> last = write("third", 10);
    await(() -> shipped().size() >= lines.size() + more.size() + last.size());
    assertThat(shipped()).endsWith(last.toArray(String[]::new)).doesNotHaveDuplicates();
    assertThat(holds("old", "third")).isFalse();
  }

  /// As after a crash: the log knows more than the volume, and nobody reads files who would tell that.
  @Test
  void positionsOfOneInWhichNothingWaitsAreStoredThoughNoFileIsReadAnyMore() throws Exception {
    start(DISK);
    List<String> lines = write("first", 100);
    await(() -> shipped().size() >= lines.size());
    stop(1);
    Path state = folder.resolve("state");
    List<SavedGeneration> known;
    try (PositionStore store = PositionStore.open(state, new Random(), line -> {})) {
      known = store.loaded();
      store.save(known.stream().map(each -> each.acknowledgedTo(Anchor.START)).toList());
    }
    hasFiles = false;
    start("{type: disk, directory: \"DIR/new\"}");
    assertThat(state.resolve("buffers")).content().doesNotContain("/old");
    stopAtOnce();
    try (PositionStore store = PositionStore.open(state, new Random(), line -> {})) {
      assertThat(store.loaded())
          .extracting(each -> each.acknowledged().position())
          .isEqualTo(known.stream().map(each -> each.acknowledged().position()).toList());
    }
  }

  @Test
  void oneOfWhichPositionsCannotBeStoredIsUsedOn() throws Exception {
    start(DISK);
    List<String> lines = write("first", 100);
    await(() -> shipped().size() >= lines.size());
    stop(1);
    Path state = folder.resolve("state");
    try (PositionStore store = PositionStore.open(state, new Random(), line -> {})) {
      store.save(store.loaded().stream().map(each -> each.acknowledgedTo(Anchor.START)).toList());
    }
    hasFiles = false;
    Path inTheWay = Files.createDirectories(state.resolve("positions.tmp/full"));
    start("{type: disk, directory: \"DIR/new\"}");
    stopAtOnce();
    assertThat(state.resolve("buffers")).content().contains("/old");
    Files.delete(inTheWay);
    Files.delete(state.resolve("positions.tmp"));
    start("{type: disk, directory: \"DIR/new\"}");
    stopAtOnce();
    assertThat(state.resolve("buffers")).content().doesNotContain("/old");
  }

  @Test
  void oneThatIsNotMountedForAWhileIsNotForgotten() throws Exception {
    List<String> lines = leave();
    Path old = folder.resolve("old");
    Path unmounted = Files.move(old, folder.resolve("elsewhere"));
    for (int i = 0; i < 2; i++) {
      start("{type: memory}");
      stopAtOnce();
      // The second time as a mount point without its volume.
      Files.createDirectories(old);
    }
    Files.delete(old);
    Files.move(unmounted, old);
    start("{type: memory}");
    await(() -> shipped().size() >= lines.size());
    assertThat(shipped()).isEqualTo(lines);
  }

  @Test
  void whatCannotBeShippedStaysThere() throws Exception {
    List<String> lines = leave();
    Path blocked = Files.createFile(folder.resolve("out"));
    for (int i = 0; i < 2; i++) {
      start("{type: memory}");
      stopAtOnce();
    }
    Files.delete(blocked);
    start("{type: memory}");
    await(() -> shipped().size() >= lines.size());
    assertThat(shipped()).isEqualTo(lines);
  }

  /// A file that was read to its end and renamed.
  private Path rotated(String name) throws IOException {
    try (PositionStore store =
        PositionStore.open(folder.resolve("state"), new Random(), line -> {})) {
      store.save(store.loaded().stream().map(SavedGeneration::atItsEnd).toList());
    }
    Path file = folder.resolve("logs").resolve(name + ".log");
    return Files.move(file, file.resolveSibling(name + ".log.1"));
  }

  private boolean isRead(String name) throws IOException {
    Path receipt = folder.resolve("state/receipt.json");
    long size = Files.size(folder.resolve("logs").resolve(name + ".log"));
    return Files.exists(receipt)
        && Files.readString(receipt).contains("\"shipped\":[[0," + size + "]]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{type: memory}", DISK})
  void fileOfWhichLinesWaitInOneThatIsNotMountedIsNotDeleted(String next) throws Exception {
    afterShipped = "delete";
    Path blocked = Files.createFile(folder.resolve("out"));
    start(DISK);
    List<String> lines = write("first", 500);
    await(() -> holds("old", "first 499") && isRead("first"));
    stopAtOnce();
    Path file = rotated("first");
    Files.delete(blocked);

    Path old = folder.resolve("old");
    Path unmounted = Files.move(old, folder.resolve("elsewhere"));
    start(next);
    List<String> more = write("second", 10);
    await(() -> shipped().size() >= more.size() && isRead("second"));
    // In a later round; the receipt tells them apart by their size.
    List<String> last = write("third", 20);
    await(() -> shipped().size() >= more.size() + last.size() && isRead("third"));
    assertThat(file).exists();
    stop(1);

    if (Files.exists(old)) {
      Files.move(old, folder.resolve("empty"));
    }
    Files.move(unmounted, old);
    start(next);
    await(() -> shipped().containsAll(lines) && Files.notExists(file));
  }
}

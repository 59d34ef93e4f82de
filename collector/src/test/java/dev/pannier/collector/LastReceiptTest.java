package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.admin.ReloadStatus;
import dev.pannier.collector.buffer.disk.SegmentLog;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a sidecar with a disk buffer says at its end of bytes that are in that alone.
@Timeout(60)
class LastReceiptTest {
  @TempDir private Path folder;

  private Sidecar start() throws IOException {
    Files.createFile(folder.resolve("message"));
    // Nothing can be written where the destination's folder should be.
    Files.createFile(folder.resolve("out"));
    Files.writeString(Files.createDirectory(folder.resolve("logs")).resolve("app.log"), "a line\n");
    Sidecar sidecar = startAgain();
    while (!receipt().contains("\"shipped\":[[0,7]]")) {
      // By the test's timeout.
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      Thread.onSpinWait();
    }
    return sidecar;
  }

  private Sidecar startAgain() throws IOException {
    String text =
        """
        state: {directory: DIR/state}
        admin: {listen: "127.0.0.1:0"}
        sources:
          files: [{name: app, include: ["DIR/logs/*.log"], parser: raw}]
          otlp: none
        buffer: {type: disk, directory: DIR/buffer}
        shutdown: {termination_log: DIR/message}
        shippers: {out: {type: file, path: DIR/out/, format: raw, signals: [logs]}}
        """;
    Sidecar sidecar =
        new Sidecar(TestConfiguration.read(folder, text), "test", () -> ReloadStatus.NONE);
    sidecar.start();
    return sidecar;
  }

  private String receipt() throws IOException {
    Path file = folder.resolve("state/receipt.json");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  private static void stopAtOnce(Sidecar sidecar) throws IOException, InterruptedException {
    Shutdown shutdown = new Shutdown(Duration.ofSeconds(20), System::nanoTime);
    shutdown.ask();
    shutdown.ask();
    sidecar.stop(shutdown);
  }

  /// Whoever kills it leaves this as its last word.
  @Test
  void bytesThatAreInTheBufferAloneAreToldWhileItRuns() throws Exception {
    Sidecar sidecar = start();
    while (!receipt().contains("\"buffered_bytes\":7,\"buffered_received_records\":0")) {
      // By the test's timeout.
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      Thread.onSpinWait();
    }
    assertThat(receipt())
        .contains("\"complete\":false")
        .contains("{\"source\":\"app\",\"shipper\":\"out\",\"buffered_records\":1,");
    assertThat(folder.resolve("message"))
        .content()
        .startsWith("so far: unshipped bytes 0, lost bytes 0, left in the buffer: bytes 7")
        .contains("shipper out: in the buffer 1 records, 7 bytes");
    stopAtOnce(sidecar);
  }

  @Test
  void bytesThatAreLeftInTheBufferAreNotShipped() throws Exception {
    stopAtOnce(start());
    assertThat(receipt()).contains("\"complete\":true", "\"buffered\":[[0,7]]");
    assertThat(folder.resolve("message")).content().startsWith("unshipped bytes 0");
  }

  @Test
  void damageThatIsFoundAtAStartIsInTheReceipt() throws Exception {
    stopAtOnce(start());
    assertThat(receipt()).contains("\"damaged_buffer_bytes\":0");
    Path segment = SegmentLog.files(folder.resolve("buffer")).getFirst();
    byte[] bytes = Files.readAllBytes(segment);
    bytes[bytes.length - 1] ^= 1;
    Files.write(segment, bytes);
    stopAtOnce(startAgain());
    assertThat(receipt())
        .contains("\"complete\":true")
        .containsPattern("\"damaged_buffer_bytes\":[1-9]");
    assertThat(folder.resolve("message")).content().contains("damaged in the buffer: bytes ");
  }

  /// Nor where the list takes longer than the end may.
  @Test
  void receiptIsNotCompleteWhereWhatIsLeftCannotBeListed() throws Exception {
    Sidecar sidecar = start();
    Path segment = SegmentLog.files(folder.resolve("buffer")).getFirst();
    try (FileChannel file = FileChannel.open(segment, StandardOpenOption.WRITE)) {
      file.truncate(30);
    }
    stopAtOnce(sidecar);
    assertThat(receipt()).contains("\"complete\":false");
    assertThat(folder.resolve("message")).content().startsWith("so far: ");
  }
}

package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.receipt.FileReceipt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReceiptsTest {
  @TempDir Path folder;
  private TailHarness tail;
  private Path log;

  @BeforeEach
  void open() {
    tail = new TailHarness(folder);
    log = tail.logs.resolve("a.log");
  }

  @AfterEach
  void close() {
    tail.close();
  }

  @Test
  void whatIsConfirmedIsShippedAndTheRestIsNot() throws IOException {
    write("first\n");
    tail.run();
    tail.confirms = false;
    write("second\n");
    tail.run();
    write("part");
    tail.pass(Duration.ofSeconds(1));
    FileReceipt receipt = only();
    assertThat(receipt.shipped()).containsExactly(new ByteRange(0, 6));
    assertThat(receipt.unshipped()).containsExactly(new ByteRange(6, 17));
    assertThat(receipt.lost()).isEmpty();
  }

  @Test
  void aBatchThatIsConfirmedBeforeItsTurnIsShipped() throws IOException {
    tail.confirms = false;
    write("first\n");
    tail.run();
    tail.confirms = true;
    write("second\n");
    tail.run();
    assertThat(only().shipped()).containsExactly(new ByteRange(6, 13));
    assertThat(only().unshipped()).containsExactly(new ByteRange(0, 6));
  }

  @Test
  void whatVanishedUnreadIsLostAndIsNeitherShippedNorNot() throws IOException {
    write("first\n");
    tail.run();
    tail.room = false;
    write("second\n");
    tail.pass(Duration.ofSeconds(2));
    Files.writeString(log, "");
    tail.pass(Duration.ofSeconds(2));
    FileReceipt receipt =
        tail.receipt().stream().filter(file -> !file.lost().isEmpty()).findFirst().orElseThrow();
    assertThat(receipt.shipped()).containsExactly(new ByteRange(0, 6));
    assertThat(receipt.unshipped()).isEmpty();
    assertThat(receipt.lost()).containsExactly(new ByteRange(6, 13));
  }

  @Test
  void aRotatedFileKeepsItsOwnReceipt() throws IOException {
    write("first\n");
    tail.run();
    Files.move(log, tail.logs.resolve("a.log.1"));
    write("second\n");
    tail.pass(Duration.ofSeconds(20));
    tail.pass(Duration.ofSeconds(20));
    assertThat(tail.receipt())
        .extracting(FileReceipt::shipped)
        .containsExactly(
            java.util.List.of(new ByteRange(0, 6)), java.util.List.of(new ByteRange(0, 7)));
    assertThat(tail.receipt()).allMatch(FileReceipt::isWhole);
  }

  private FileReceipt only() {
    assertThat(tail.receipt()).hasSize(1);
    return tail.receipt().getFirst();
  }

  private void write(String text) throws IOException {
    Files.writeString(log, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}

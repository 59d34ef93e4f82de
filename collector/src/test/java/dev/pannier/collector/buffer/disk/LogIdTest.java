package dev.pannier.collector.buffer.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogIdTest {
  @TempDir private Path folder;

  @Test
  void itStaysWithTheLog() throws IOException {
    long id = LogId.read(folder);
    assertThat(id).isNotZero();
    assertThat(LogId.read(folder)).isEqualTo(id);
  }

  @Test
  void aDamagedOneIsReplaced() throws IOException {
    long id = LogId.read(folder);
    Path file = folder.resolve("log-id");
    byte[] bytes = Files.readAllBytes(file);
    bytes[3]++;
    Files.write(file, bytes);
    assertThat(LogId.read(folder)).isNotEqualTo(id);
  }

  @Test
  void itIsWrittenAgainWhereItsFileHasVanished() throws IOException {
    long id = LogId.read(folder);
    Files.delete(folder.resolve("log-id"));
    LogId.keep(folder, id);
    assertThat(LogId.read(folder)).isEqualTo(id);
  }
}

package dev.pannier.collector.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationFileTest {
  @TempDir private Path folder;

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void aChangeIsOneWhenItLooksTheSameTwice() throws IOException {
    ConfigurationFile file = new ConfigurationFile(write("p.yaml", "memory: 12MiB"), Map.of());
    assertThat(file.load()).isInstanceOf(Loaded.Valid.class);
    assertThat(file.hasChanged()).isFalse();
    write("p.yaml", "memory: 13");
    assertThat(file.hasChanged()).isFalse();
    write("p.yaml", "memory: 13MiB");
    assertThat(file.hasChanged()).isFalse();
    assertThat(file.hasChanged()).isTrue();
    file.load();
    assertThat(file.hasChanged()).isFalse();
    assertThat(file.hasChanged()).isFalse();
  }

  @Test
  void anotherTimeOrTheOldBytesAreNoChange() throws IOException {
    Path path = write("p.yaml", "memory: 12MiB");
    ConfigurationFile file = new ConfigurationFile(path, Map.of());
    file.load();
    Files.setLastModifiedTime(path, FileTime.fromMillis(1_000));
    write("p.yaml", "memory: 13MiB");
    assertThat(file.hasChanged()).isFalse();
    write("p.yaml", "memory: 12MiB");
    assertThat(file.hasChanged()).isFalse();
    assertThat(file.hasChanged()).isFalse();
  }

  @Test
  void whatIsBehindALinkCounts() throws IOException {
    Files.createDirectory(folder.resolve("one"));
    Files.createDirectory(folder.resolve("two"));
    write("one/p.yaml", "memory: 12MiB");
    write("two/p.yaml", "memory: 13MiB");
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("one"));
    Path path = Files.createSymbolicLink(folder.resolve("p.yaml"), Path.of("..data/p.yaml"));
    ConfigurationFile file = new ConfigurationFile(path, Map.of());
    file.load();
    Path link = Files.createSymbolicLink(folder.resolve("..tmp"), Path.of("two"));
    Files.move(link, folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    assertThat(file.hasChanged()).isFalse();
    assertThat(file.hasChanged()).isTrue();
    assertThat(((Loaded.Valid) file.load()).configuration().memoryBytes()).isEqualTo(13L << 20);
  }

  @Test
  void aFileThatVanishesIsAChangeThatLoadingExplainsOnce() throws IOException {
    Path path = write("p.yaml", "memory: 12MiB");
    ConfigurationFile file = new ConfigurationFile(path, Map.of());
    file.load();
    Files.delete(path);
    assertThat(file.hasChanged()).isFalse();
    assertThat(file.hasChanged()).isTrue();
    assertThat(((Loaded.Invalid) file.load()).problems())
        .singleElement()
        .hasToString(path + ": file: there is no such file");
    assertThat(file.hasChanged()).isFalse();
  }

  @Test
  void aFileThatComesBackEmptyIsAChange() throws IOException {
    Path path = write("p.yaml", "");
    ConfigurationFile file = new ConfigurationFile(path, Map.of());
    file.load();
    Files.delete(path);
    file.load();
    write("p.yaml", "");
    assertThat(file.hasChanged()).isFalse();
    assertThat(file.hasChanged()).isTrue();
    assertThat(file.load()).isInstanceOf(Loaded.Valid.class);
  }

  @Test
  @Timeout(30)
  void aPipeIsReadOnceAndStaysWhatItWas() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    Thread writer = new Thread(() -> writeUnchecked("pipe"));
    writer.start();
    ConfigurationFile file = new ConfigurationFile(pipe, Map.of());
    assertThat(((Loaded.Valid) file.load()).configuration().memoryBytes()).isEqualTo(13L << 20);
    writer.join();
    assertThat(file.hasChanged()).isFalse();
    assertThat(file.hasChanged()).isFalse();
    assertThat(((Loaded.Valid) file.load()).configuration().memoryBytes()).isEqualTo(13L << 20);
  }

  private void writeUnchecked(String name) {
    try {
      write(name, "memory: 13MiB");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void withoutAFileNothingChanges() {
    ConfigurationFile file = new ConfigurationFile(null, Map.of());
    assertThat(file.load()).isInstanceOf(Loaded.Valid.class);
    assertThat(file.hasChanged()).isFalse();
    assertThat(file).hasToString("defaults");
  }
}

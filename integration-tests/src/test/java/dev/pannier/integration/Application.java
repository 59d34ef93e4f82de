package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An application that writes its log on a thread of its own, and may rotate it.
final class Application implements AutoCloseable {
  private final Path file;
  private final int linesEach;
  private final int chunksAFile;
  private final List<String> written = new ArrayList<>();
  private final Thread thread = new Thread(this::run, "application");
  private volatile boolean stopping;
  private volatile @Nullable IOException problem;
  private int rotations;

  private Application(Path file, int linesEach, int chunksAFile) {
    this.file = file;
    this.linesEach = linesEach;
    this.chunksAFile = chunksAFile;
    thread.start();
  }

  /// Writes on in one file.
  static Application writing(Path file) {
    return new Application(file, 20, Integer.MAX_VALUE);
  }

  /// Moves each 500 lines out of its way, to the file's name with a number behind it.
  static Application rotating(Path file) {
    return new Application(file, 5, 100);
  }

  private void run() {
    try {
      for (int chunk = 0; !stopping; chunk++) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < linesEach; i++) {
          String line = "line " + written.size() + " of the application";
          written.add(line);
          text.append(line).append('\n');
        }
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        if (chunk % chunksAFile == chunksAFile - 1) {
          rotations++;
          Files.move(file, file.resolveSibling(file.getFileName() + "." + rotations));
        }
        thread.join(5);
      }
    } catch (IOException e) {
      problem = e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  List<String> end() throws Exception {
    stopping = true;
    thread.join();
    assertThat(problem).isNull();
    return written;
  }

  @Override
  public void close() {
    stopping = true;
    thread.interrupt();
  }
}

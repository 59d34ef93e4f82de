package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An application that writes and rotates its log on a thread of its own.
final class Application implements AutoCloseable {
  private final Path file;
  private final int linesEach;
  private final List<String> written = new ArrayList<>();
  private final Thread thread = new Thread(this::run, "application");
  private volatile boolean stopping;
  private volatile @Nullable IOException problem;
  private int rotations;

  Application(Path file, int linesEach) {
    this.file = file;
    this.linesEach = linesEach;
    thread.start();
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
        if (chunk % 100 == 99) {
          rotations++;
          Files.move(file, file.resolveSibling("app.log." + rotations));
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

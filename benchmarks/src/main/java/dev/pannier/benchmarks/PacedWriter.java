package dev.pannier.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/// Appends numbered lines to files at random moments (a Poisson process, so that no timer of the
/// sidecar's can fall into step with it), each with one `write`, and notes when.
final class PacedWriter implements AutoCloseable {
  private final List<FileChannel> files = new ArrayList<>();
  private final boolean json;
  private final double perSecond;
  private final AtomicLongArray writtenNanos;
  private final SplittableRandom random = new SplittableRandom(11);

  PacedWriter(List<Path> paths, boolean json, int lines, double perSecond) throws IOException {
    for (Path path : paths) {
      files.add(
          FileChannel.open(
              path,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.APPEND));
    }
    this.json = json;
    this.perSecond = perSecond;
    writtenNanos = new AtomicLongArray(lines);
  }

  /// Writes all lines.
  void run() throws IOException {
    long due = System.nanoTime();
    for (int i = 0; i < writtenNanos.length(); i++) {
      due += (long) (-Math.log(1 - random.nextDouble()) / perSecond * 1e9);
      for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
        LockSupport.parkNanos(wait);
      }
      ByteBuffer line = ByteBuffer.wrap(line(i).getBytes(US_ASCII));
      FileChannel file = files.get(random.nextInt(files.size()));
      writtenNanos.set(i, System.nanoTime());
      while (line.hasRemaining()) {
        file.write(line);
      }
    }
  }

  private String line(int number) {
    String message = Text.of("order 4711 accepted, line=%08d, total 99.90 EUR", number);
    String line =
        json
            ? """
            {"@timestamp":"2026-03-01T12:00:00.123Z","message":"%s",\
            "logger_name":"com.example.shop.CartService","thread_name":"main","level":"INFO"}
            """
            : "2026-03-01 12:00:00.123 [main] INFO  com.example.shop.CartService - %s\n";
    return Text.of(line, message);
  }

  /// The number in what became of a line; -1 where there is none.
  static int number(byte[] text, int length) {
    byte[] mark = "line=".getBytes(US_ASCII);
    for (int i = 0; i + mark.length + 8 <= length; i++) {
      if (java.util.Arrays.equals(text, i, i + mark.length, mark, 0, mark.length)) {
        return Integer.parseInt(new String(text, i + mark.length, 8, US_ASCII));
      }
    }
    return -1;
  }

  int lines() {
    return writtenNanos.length();
  }

  /// When a line was written, by `System.nanoTime()`.
  long writtenNanos(int number) {
    return writtenNanos.get(number);
  }

  @Override
  public void close() throws IOException {
    for (FileChannel file : files) {
      file.close();
    }
  }
}

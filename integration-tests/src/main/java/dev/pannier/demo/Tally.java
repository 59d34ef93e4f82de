package dev.pannier.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// What the application wrote, by its own account: the reference that what was consumed is compared
/// with. A line a record, its fields between tabs.
final class Tally implements Closeable {
  /// Empty fields were not written with the record.
  record Log(
      String message,
      String logger,
      String level,
      String thread,
      String order,
      String traceId,
      String exceptionType,
      String exceptionMessage) {}

  private final BufferedWriter out;

  private Tally(BufferedWriter out) {
    this.out = out;
  }

  static Tally writing(Path file) throws IOException {
    return new Tally(Files.newBufferedWriter(file, UTF_8));
  }

  void log(Log log) {
    write(
        String.join(
            "\t",
            "log",
            log.message(),
            log.logger(),
            log.level(),
            log.thread(),
            log.order(),
            log.traceId(),
            log.exceptionType(),
            log.exceptionMessage()));
  }

  void span(String id, String name) {
    write(String.join("\t", "span", id, name));
  }

  private synchronized void write(String line) {
    try {
      out.write(line);
      out.write('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    out.close();
  }

  /// @param logs  by message, which is unique
  /// @param spans names by span id
  record Written(Map<String, Log> logs, Map<String, String> spans) {}

  static Written read(Path file) throws IOException {
    Map<String, Log> logs = new HashMap<>();
    Map<String, String> spans = new HashMap<>();
    for (String line : Files.readAllLines(file, UTF_8)) {
      String[] fields = line.split("\t", -1);
      if (fields[0].equals("log")) {
        logs.put(
            fields[1],
            new Log(
                fields[1], fields[2], fields[3], fields[4], fields[5], fields[6], fields[7],
                fields[8]));
      } else {
        spans.put(fields[1], fields[2]);
      }
    }
    return new Written(logs, spans);
  }
}

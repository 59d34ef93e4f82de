package dev.pannier.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;

/// Where figures are from.
///
/// @param command by which they were asked for
/// @param state   of sources and machine, before anything was measured: results that are written, and
///     the load of the measuring itself, are no part of it
record Origin(String command, String state) {
  /// @param arguments of the command line, as they were given
  static Origin of(List<String> arguments) throws IOException, InterruptedException {
    String command = String.join(" ", arguments);
    String options = String.join(" ", Build.MORE_OPTIONS);
    return new Origin(
        (options.isEmpty() ? "" : "PANNIER_JVM_OPTIONS='" + options + "' ")
            + "./pannier bench"
            + (command.isEmpty() ? "" : " " + command),
        Text.of(
            "commit %s; %s; load before %s; JDK %s%s, Kafka %s",
            commit(),
            machine(),
            load(),
            Runtime.version(),
            Boolean.getBoolean("pannier.image") ? ", the sidecar in a run-time image of it" : "",
            kafkaVersion()));
  }

  /// One line, with the time at which it is asked for.
  String line() {
    String now =
        ZonedDateTime.now(ZoneOffset.UTC)
            .format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT));
    return "`" + command + "`, " + now + "; " + state + ".";
  }

  private static String commit() throws IOException, InterruptedException {
    String root = System.getProperty("pannier.root", ".");
    String id = output("git", "-C", root, "rev-parse", "--short=12", "HEAD");
    if (id.isEmpty()) {
      return "unknown";
    }
    String changed = output("git", "-C", root, "status", "--porcelain", "-uno");
    return changed.isEmpty() ? id : id + ", with changes";
  }

  private static String output(String... command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException e) {
      // There is no such program: what it would tell is left out.
      return "";
    }
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? out.strip() : "";
  }

  private static String kafkaVersion() throws IOException {
    Properties properties = new Properties();
    try (InputStream in =
        KafkaProducer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    }
    return properties.getProperty("version", "of unknown version");
  }

  private static String machine() throws IOException {
    long kib = Long.parseLong(field(Path.of("/proc/meminfo"), "MemTotal").replaceAll("[^0-9]", ""));
    return Text.of(
        "%s, %d processors, %d GiB, Linux %s",
        field(Path.of("/proc/cpuinfo"), "model name"),
        Runtime.getRuntime().availableProcessors(),
        Math.round(kib / 1024.0 / 1024.0),
        // What follows the numbers is the builder's.
        System.getProperty("os.version").replaceFirst("-.*", ""));
  }

  private static String field(Path file, String name) throws IOException {
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(name)) {
        return line.substring(line.indexOf(':') + 1).strip();
      }
    }
    return "0";
  }

  private static String load() throws IOException {
    return String.join(
        " ", List.of(Files.readString(Path.of("/proc/loadavg")).split(" ", -1)).subList(0, 3));
  }
}

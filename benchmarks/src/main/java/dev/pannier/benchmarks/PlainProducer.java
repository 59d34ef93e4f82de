package dev.pannier.benchmarks;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// The yardstick: what somebody would write in an hour who has one file to send, once, and nothing
/// to remember. Each line is a message; `acks=all`, idempotent, lz4, batches of 64 KiB. It writes
/// `done` and its count when the last is confirmed, then waits for the end of standard input, so
/// that it can be looked at.
///
/// `PlainProducer FILE BOOTSTRAP_SERVERS TOPIC LINGER_MILLIS`
public final class PlainProducer {
  private static final int CHUNK_BYTES = 1 << 20;

  private PlainProducer() {}

  /// What starts it as a process of its own, on the JDK's defaults.
  ///
  /// @param file `/dev/stdin` for what is still to come
  static List<String> command(Path file, String servers, String topic, int lingerMillis) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        PlainProducer.class.getName(),
        file.toString(),
        servers,
        topic,
        String.valueOf(lingerMillis));
  }

  public static void main(String[] arguments) throws IOException {
    Map<String, Object> properties =
        Map.of(
            "bootstrap.servers",
            arguments[1],
            "acks",
            "all",
            "enable.idempotence",
            "true",
            "compression.type",
            "lz4",
            "batch.size",
            65_536,
            "linger.ms",
            Integer.parseInt(arguments[3]));
    AtomicReference<Exception> failure = new AtomicReference<>();
    Callback callback = (metadata, error) -> failure.compareAndSet(null, error);
    long lines;
    try (InputStream in = new FileInputStream(arguments[0]);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      lines = send(in, producer, arguments[2], callback);
      producer.flush();
    }
    Exception failed = failure.get();
    if (failed != null) {
      throw new IOException(failed);
    }
    System.out.println("done " + lines);
    while (System.in.read() >= 0) {
      // Nothing is expected but the end.
    }
  }

  private static long send(
      InputStream in, KafkaProducer<byte[], byte[]> producer, String topic, Callback callback)
      throws IOException {
    byte[] chunk = new byte[CHUNK_BYTES];
    int held = 0;
    long lines = 0;
    for (int read = in.read(chunk); read > 0; read = in.read(chunk, held, chunk.length - held)) {
      int end = held + read;
      int from = 0;
      for (int i = held; i < end; i++) {
        if (chunk[i] == '\n') {
          // A failure is told to the callback.
          var _ =
              producer.send(
                  new ProducerRecord<>(topic, Arrays.copyOfRange(chunk, from, i)), callback);
          from = i + 1;
          lines++;
        }
      }
      held = end - from;
      System.arraycopy(chunk, from, chunk, 0, held);
    }
    return lines;
  }
}

package dev.pannier.benchmarks;

import dev.pannier.benchmarks.Plan.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/// The same file, shipped to its end by another tool. That it has come to the end is seen by Kafka
/// alone: it has all lines, or gets no more.
final class PeerWork {
  private static final long POLL_MILLIS = 200;

  /// So long nothing has come: either all is there, or the rest was dropped.
  private static final double SETTLED_SECONDS = 5;

  private static final double STUCK_SECONDS = 1_200;
  private static final long STOPS_WITHIN_SECONDS = 30;

  private final Path folder;
  private final Broker broker;
  private int runs;

  PeerWork(Path folder, Broker broker) {
    this.folder = folder;
    this.broker = broker;
  }

  Throughput run(Peer peer, Path program, Work work, Input input) throws Exception {
    Path own = Files.createDirectories(folder.resolve("peer-" + ++runs));
    Path configuration = own.resolve("configuration");
    String topic = broker.topic("peer-" + work.label());
    Files.writeString(
        configuration, peer.configuration(work, input.path(), broker.servers(), topic, own));
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(peer.arguments(configuration));
    Path said = own.resolve("said");
    long begin = System.nanoTime();
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try (KafkaConsumer<byte[], byte[]> consumer = Counts.consumer(broker.servers(), topic)) {
      TopicPartition partition = new TopicPartition(topic, 0);
      Usage usage = new Usage(process.pid());
      long messages = 0;
      double now = 0;
      double seconds = 0;
      double cpu = 0;
      while (messages == 0 || now - seconds < SETTLED_SECONDS) {
        if (!process.isAlive() || now > STUCK_SECONDS) {
          throw new IOException(
              peer.title() + " ended or is stuck at " + messages + ": " + Files.readString(said));
        }
        Thread.sleep(POLL_MILLIS);
        now = (System.nanoTime() - begin) / 1e9;
        long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
        if (end > messages) {
          messages = end;
          seconds = now;
          cpu = usage.cpuSeconds();
        }
      }
      double peak = usage.peakResidentMiB();
      double pss = usage.proportionalMiB();
      process.destroy();
      if (!process.waitFor(STOPS_WITHIN_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(peer.title() + " does not end: " + Files.readString(said));
      }
      long counted = Counts.records(broker.servers(), topic, work != Work.RAW);
      broker.delete(topic);
      return new Throughput(
          peer.title() + ": as `" + work.label() + "`",
          input.name(),
          input.lines(),
          counted,
          input.gib(),
          seconds,
          cpu,
          null,
          peak,
          pss);
    } finally {
      process.destroyForcibly();
    }
  }
}

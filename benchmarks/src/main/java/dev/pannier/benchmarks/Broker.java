package dev.pannier.benchmarks;

import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Demo;
import dev.pannier.demo.Ports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/// A real Kafka broker (KRaft) on loopback, in a process of its own. Each run gets a topic of one
/// partition, which is deleted when it was counted.
final class Broker implements AutoCloseable {
  private static final long UP_WITHIN_SECONDS = 60;

  private final ChildProcess process;
  private final String servers;
  private final Admin admin;
  private int topics;

  private Broker(ChildProcess process, String servers, Admin admin) {
    this.process = process;
    this.servers = servers;
    this.admin = admin;
  }

  static Broker start(Path folder) throws Exception {
    List<Integer> ports = Ports.free(2);
    String servers = "127.0.0.1:" + ports.get(0);
    ChildProcess process =
        Demo.broker(
            folder,
            ports.get(0),
            ports.get(1),
            "auto.create.topics.enable=false",
            "log.retention.check.interval.ms=10000");
    Admin admin = Admin.create(Map.of("bootstrap.servers", servers));
    Broker broker = new Broker(process, servers, admin);
    try {
      broker.awaitUp();
    } catch (Exception e) {
      broker.close();
      throw e;
    }
    return broker;
  }

  private void awaitUp() throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(UP_WITHIN_SECONDS);
    while (true) {
      try {
        admin.describeCluster().nodes().get(2, TimeUnit.SECONDS);
        return;
      } catch (ExecutionException | TimeoutException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new IOException("the broker does not start: " + process.lastWords(), e);
        }
      }
    }
  }

  String servers() {
    return servers;
  }

  String topic(String work) throws Exception {
    return topic(work, Map.of());
  }

  /// A topic of which the broker keeps the last part alone, for more than the disk would take.
  String briefTopic(String work) throws Exception {
    return topic(work, Map.of("retention.bytes", "268435456", "segment.bytes", "67108864"));
  }

  private String topic(String work, Map<String, String> settings) throws Exception {
    String name = work + "-" + ++topics;
    NewTopic topic = new NewTopic(name, Optional.of(1), Optional.empty()).configs(settings);
    admin.createTopics(List.of(topic)).all().get(20, TimeUnit.SECONDS);
    return name;
  }

  void delete(String topic) throws Exception {
    admin.deleteTopics(List.of(topic)).all().get(20, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    process.close();
    admin.close();
  }
}

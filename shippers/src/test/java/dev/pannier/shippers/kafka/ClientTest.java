package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientTest {
  private final List<Producer<byte[], byte[]>> made = new ArrayList<>();
  @TempDir private Path folder;

  private long nanos;
  private final Map<String, Object> properties = new HashMap<>();
  private final Client client = new Client(properties, unused -> producer(), () -> {}, () -> nanos);

  /// What it has fails when it is closed, and who waits for that takes it for done.
  private Producer<byte[], byte[]> producer() {
    Producer<byte[], byte[]> producer =
        new MockProducer<>() {
          @Override
          public void close(Duration timeout) {
            client.isDone(this);
          }
        };
    made.add(producer);
    return producer;
  }

  @Test
  void oneThatCanSendNoMoreIsReplacedOnceWhateverItTellsWhileItIsClosed() {
    Producer<byte[], byte[]> first = client.open();
    assertThat(client.open()).isSameAs(first);
    client.isDone(first);
    Producer<byte[], byte[]> second = client.open();
    assertThat(second).isNotSameAs(first);
    client.isDone(first);
    assertThat(client.open()).isSameAs(second);
    assertThat(made).hasSize(2);
  }

  @Test
  void oneThatIsSlowIsReplacedWhereItsFilesWereRenewed() throws IOException {
    Path store = Files.writeString(folder.resolve("store.p12"), "old");
    properties.put("ssl.keystore.location", store.toString());
    properties.put("ssl.keystore.password", "store.p12");
    properties.put("ssl.truststore.location", folder.resolve("none").toString());
    Producer<byte[], byte[]> first = client.open();
    client.isSlow(first);
    assertThat(client.open()).isSameAs(first);

    Files.writeString(store, "renewed");
    client.isSlow(first);
    assertThat(client.open()).as("looked a moment ago").isSameAs(first);
    nanos += TimeUnit.SECONDS.toNanos(1);
    Files.delete(store);
    client.isSlow(first);
    assertThat(client.open()).as("not there yet").isSameAs(first);
    nanos += TimeUnit.SECONDS.toNanos(1);
    Files.writeString(store, "renewed");
    client.isSlow(first);
    Producer<byte[], byte[]> second = client.open();
    assertThat(second).isNotSameAs(first);

    nanos += TimeUnit.SECONDS.toNanos(1);
    client.isSlow(first);
    client.isSlow(second);
    assertThat(client.open()).isSameAs(second);
  }

  @Test
  void whatWasRefusedLongAgoIsNotToldOfTheConnectionsOfNow() {
    MockProducer<?, ?> producer = (MockProducer<?, ?>) client.open();
    metric(producer, "failed-authentication-total", 3.0);
    metric(producer, "failed-authentication-rate", 0.0);
    assertThat(client.refused()).isZero();

    metric(producer, "failed-authentication-rate", 0.05);
    assertThat(client.refused()).isEqualTo(3);
  }

  private static void metric(MockProducer<?, ?> producer, String name, double value) {
    MetricName of = new MetricName(name, "producer-metrics", "", Map.of());
    producer.setMockMetrics(
        of,
        new Metric() {
          @Override
          public MetricName metricName() {
            return of;
          }

          @Override
          public Object metricValue() {
            return value;
          }
        });
  }
}

package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.junit.jupiter.api.Test;

class ClientTest {
  private final List<Producer<byte[], byte[]>> made = new ArrayList<>();
  private final Client client = new Client(Map.of(), properties -> producer(), () -> {});

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
}

package dev.pannier.shippers.kafka;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.jspecify.annotations.Nullable;

/// The producer: made when it is needed, and replaced when it can send no more. One thread opens and
/// closes it, any may look at it.
final class Client {
  private static final long COMPARED_EACH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Map<String, Object> properties;
  private final Function<Map<String, Object>, Producer<byte[], byte[]>> producers;
  private final Runnable onNew;
  private final LongSupplier nanoClock;
  private volatile @Nullable Producer<byte[], byte[]> producer;

  /// The one that can send no more.
  private volatile @Nullable Producer<byte[], byte[]> done;

  /// What it was made with. Guarded by this.
  private @Nullable NamedFiles files;

  /// When that was compared last. Guarded by this.
  private long comparedNanos;

  /// @param onNew called before a producer is made
  Client(
      Map<String, Object> properties,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers,
      Runnable onNew,
      LongSupplier nanoClock) {
    this.properties = properties;
    this.producers = producers;
    this.onNew = onNew;
    this.nanoClock = nanoClock;
  }

  /// @throws org.apache.kafka.common.KafkaException where none can be made
  Producer<byte[], byte[]> open() {
    Producer<byte[], byte[]> current = producer;
    if (current != null && current == done) {
      producer = null;
      done = null;
      current.close(Duration.ZERO);
      current = null;
    }
    if (current == null) {
      onNew.run();
      synchronized (this) {
        files = new NamedFiles(properties);
        comparedNanos = nanoClock.getAsLong() - COMPARED_EACH_NANOS;
      }
      current = producers.apply(properties);
      producer = current;
    }
    return current;
  }

  /// The one that is open, null for none.
  @Nullable Producer<byte[], byte[]> current() {
    return producer;
  }

  /// The one that is open can send no more: the next call starts with a new one.
  void isDone() {
    done = producer;
  }

  /// As [#isDone()], where it is this one: what an older one tells while it is closed says nothing of the one after it.
  void isDone(@Nullable Producer<byte[], byte[]> which) {
    if (which == producer) {
      done = which;
    }
  }

  /// A broker did not answer this one in time. That is all that it tells where a connection of many can no longer be
  /// made, since a certificate has expired meanwhile: where files were renewed since, the next call starts with a new one.
  ///
  /// @return whether they were
  synchronized boolean isSlow(@Nullable Producer<byte[], byte[]> which) {
    NamedFiles before = files;
    long nowNanos = nanoClock.getAsLong();
    if (which != producer || before == null || nowNanos - comparedNanos < COMPARED_EACH_NANOS) {
      return false;
    }
    comparedNanos = nowNanos;
    if (!before.haveChanged()) {
      return false;
    }
    isDone(which);
    return true;
  }

  /// Whether a broker has ever sent it a byte.
  boolean hasReceived() {
    return metric("incoming-byte-total") > 0;
  }

  /// How many of its connections brokers have refused, or were refused here: by login or by TLS. 0 where none was of late, by
  /// the window of Kafka's metrics, which is longer than it waits between two attempts.
  long refused() {
    return metric("failed-authentication-rate") > 0
        ? (long) metric("failed-authentication-total")
        : 0;
  }

  private double metric(String name) {
    Producer<byte[], byte[]> current = producer;
    if (current == null) {
      return 0;
    }
    for (Map.Entry<MetricName, ? extends Metric> metric : current.metrics().entrySet()) {
      if (metric.getKey().name().equals(name)
          && metric.getKey().group().equals("producer-metrics")
          && metric.getValue().metricValue() instanceof Double value) {
        return value;
      }
    }
    return 0;
  }

  void close(Duration timeout) {
    Producer<byte[], byte[]> current = producer;
    producer = null;
    if (current != null) {
      current.close(timeout);
    }
  }
}

package dev.pannier.shippers.kafka;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;

/// The producer's properties: ours, and above them the user's.
///
/// | property | ours | why |
/// |---|---|---|
/// | `acks`, `enable.idempotence` | `all`, `true` | confirmed is on every in-sync replica, once, in order |
/// | `max.in.flight.requests.per.connection` | 5 | the most that idempotence keeps in order |
/// | `linger.ms` | 0; 5 where a message is one record, and with transactions | OTLP's batches are made before the producer; single records would leave a few at a time, each few with a request. They linger only while more are at hand ([Flusher]), and with transactions at most until the commit, before which nobody sees them |
/// | `compression.type` | `lz4` | the cheapest that compresses logs well |
/// | `batch.size` | 64 to 256 KiB, by memory | a batch of 512 lines fits, so that its buffer is used again: a larger message gets a buffer of its own, which is garbage after it |
/// | `max.block.ms` | 5 s | how long the calling thread waits for metadata or for buffer |
/// | `request.timeout.ms`, `delivery.timeout.ms` | 10 s, 30 s | one attempt, with the client's own retries, ends |
/// | `transactional.id` | for exactly once: the prefix, the sidecar's identity and the shipper | it settles what a predecessor left |
/// | `transaction.timeout.ms` | 10 s | what a sidecar that is gone for good left holds `read_committed` consumers no longer |
/// | `request.timeout.ms`, `delivery.timeout.ms` | 4 s, 8 s with transactions | within the transaction's |
/// | `metric.reporters` | none | JMX costs memory, and nobody reads it in a sidecar |
/// | `enable.metrics.push` | `false` | the sidecar has metrics of its own |
final class ProducerProperties {
  static final int MAX_BLOCK_MS = 5_000;
  static final int DELIVERY_TIMEOUT_MS = 30_000;
  static final int REQUEST_TIMEOUT_MS = 10_000;
  static final int TRANSACTION_TIMEOUT_MS = 10_000;
  static final int MAX_REQUEST_BYTES = 1024 * 1024;

  private static final String LINGER_MS = "5";

  private static final long SMALLEST_BATCH_BYTES = 64 * 1024;
  private static final long LARGEST_BATCH_BYTES = 256 * 1024;

  /// So many buffers there are at least, where they are not of the smallest size.
  private static final int BATCHES = 32;

  private static final String BYTES = "org.apache.kafka.common.serialization.ByteArraySerializer";

  private ProducerProperties() {}

  /// For exactly once.
  ///
  /// @param memoryBytes `buffer.memory`: what may wait in the producer or be in flight
  static Map<String, Object> transactional(
      ShipperSettings.Kafka settings, long memoryBytes, String transactionalId) {
    Map<String, String> more = new HashMap<>();
    more.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, String.valueOf(TRANSACTION_TIMEOUT_MS));
    more.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "8000");
    more.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "4000");
    more.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MS);
    more.putAll(settings.properties());
    Map<String, Object> properties =
        of(
            new ShipperSettings.Kafka(
                settings.name(),
                settings.topics(),
                settings.encodings(),
                settings.names(),
                settings.key(),
                more),
            memoryBytes);
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    return properties;
  }

  /// @param memoryBytes `buffer.memory`: what may wait in the producer or be in flight
  static Map<String, Object> of(ShipperSettings.Kafka settings, long memoryBytes) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(ProducerConfig.CLIENT_ID_CONFIG, "pannier-" + settings.name());
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    properties.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "5");
    properties.put(ProducerConfig.LINGER_MS_CONFIG, sendsRecords(settings) ? LINGER_MS : "0");
    properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    properties.put(ProducerConfig.BATCH_SIZE_CONFIG, String.valueOf(batchBytes(memoryBytes)));
    properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, String.valueOf(memoryBytes));
    properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(MAX_REQUEST_BYTES));
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, String.valueOf(MAX_BLOCK_MS));
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, String.valueOf(DELIVERY_TIMEOUT_MS));
    properties.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, "1000");
    properties.put(ProducerConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    properties.put(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, "false");
    properties.putAll(settings.properties());
    // The producer demands linger + request ≤ delivery: a shorter delivery brings a shorter
    // request.
    long delivery = number(properties, ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG);
    long linger = number(properties, ProducerConfig.LINGER_MS_CONFIG);
    properties.putIfAbsent(
        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
        String.valueOf(Math.clamp(delivery - linger, 1, REQUEST_TIMEOUT_MS)));
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, BYTES);
    properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, BYTES);
    return properties;
  }

  /// Whether messages wait for others for as long as we chose, and not for as long as the user did.
  static boolean lingersUntilFlushed(
      ShipperSettings.Kafka settings, Map<String, Object> properties) {
    return !settings.properties().containsKey(ProducerConfig.LINGER_MS_CONFIG)
        && linger(properties);
  }

  /// Whether messages wait for others, for as long as anybody chose.
  static boolean linger(Map<String, Object> properties) {
    return number(properties, ProducerConfig.LINGER_MS_CONFIG) > 0;
  }

  private static boolean sendsRecords(ShipperSettings.Kafka settings) {
    return settings.encodings().containsValue(Encoding.JSON)
        || settings.encodings().containsValue(Encoding.RAW);
  }

  private static long batchBytes(long memoryBytes) {
    return Math.clamp(memoryBytes / BATCHES, SMALLEST_BATCH_BYTES, LARGEST_BATCH_BYTES);
  }

  /// @return 0 where it is no number; the producer itself then says so
  static long number(Map<String, Object> properties, String name) {
    try {
      return Long.parseLong(String.valueOf(properties.get(name)).strip());
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /// The largest message that the producer takes, before compression.
  static int largestMessageBytes(Map<String, Object> properties) {
    long request = number(properties, ProducerConfig.MAX_REQUEST_SIZE_CONFIG);
    long memory = number(properties, ProducerConfig.BUFFER_MEMORY_CONFIG);
    return Math.clamp(Math.min(request, memory), 1, Integer.MAX_VALUE);
  }
}

package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.BitSet;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// One message to Kafka, and the batch's records that it holds. What is to be sent is given away:
/// a message that waits for its confirmation keeps no bytes alive, which the producer has copied.
final class Message {
  static final int SEVERAL = -1;

  /// Of a message and its record, beside their bytes.
  static final int OBJECT_BYTES = 128;

  /// What a message has around its key, value and headers at most, alone in its batch: the header of
  /// a record batch (61) and a record's lengths, timestamp and offset (21), in Kafka's protocol,
  /// "Record Batch" and "Record".
  private static final int OVERHEAD_BYTES = 61 + 21;

  /// Two lengths as varints.
  private static final int HEADER_OVERHEAD_BYTES = 10;

  private final String topic;
  private final int index;
  private final @Nullable BitSet records;
  private final int size;
  private final int overhead;
  private final boolean isMade;
  private @Nullable ProducerRecord<byte[], byte[]> record;

  /// @param index   of its only record, [#SEVERAL] otherwise
  /// @param headerBytes what its headers take ([#bytes(Headers)])
  /// @param records     the indexes of several; null for all
  Message(
      ProducerRecord<byte[], byte[]> record, int headerBytes, int index, @Nullable BitSet records) {
    this(record, record.topic(), record.key(), record.value().length, headerBytes, index, records);
  }

  private Message(
      @Nullable ProducerRecord<byte[], byte[]> record,
      String topic,
      byte @Nullable [] key,
      int valueBytes,
      int headerBytes,
      int index,
      @Nullable BitSet records) {
    this.record = record;
    this.isMade = record != null;
    this.topic = topic;
    this.index = index;
    this.records = records;
    this.overhead = OVERHEAD_BYTES + (key == null ? 0 : key.length) + headerBytes;
    this.size = valueBytes + overhead;
  }

  /// A message of several records that was not made, since it takes more than any may: it cannot be sent.
  ///
  /// @param mostBytes that its value may take
  static Message tooLarge(
      String topic,
      byte @Nullable [] key,
      int mostBytes,
      int headerBytes,
      @Nullable BitSet records) {
    return new Message(null, topic, key, mostBytes + 1, headerBytes, SEVERAL, records);
  }

  String topic() {
    return topic;
  }

  /// Whether there is anything to be sent, or was.
  boolean isMade() {
    return isMade;
  }

  /// What is to be sent. Once.
  ProducerRecord<byte[], byte[]> take() {
    ProducerRecord<byte[], byte[]> taken =
        Objects.requireNonNull(record, "sent before, or too large");
    record = null;
    return taken;
  }

  /// @param all how many records the batch has
  boolean isOneRecord(int all) {
    return index != SEVERAL || (records == null ? all : records.cardinality()) == 1;
  }

  /// Sets the bits of its records.
  ///
  /// @param all how many the batch has
  void addTo(BitSet set, int all) {
    if (index != SEVERAL) {
      set.set(index);
    } else if (records != null) {
      set.or(records);
    } else {
      set.set(0, all);
    }
  }

  /// Whether it holds one of these.
  boolean isAnyOf(BitSet set) {
    if (index != SEVERAL) {
      return set.get(index);
    }
    return records == null ? !set.isEmpty() : set.intersects(records);
  }

  /// An upper bound of what Kafka counts against `max.request.size`.
  int size() {
    return size;
  }

  /// What it takes in memory until it is sent.
  long heldBytes() {
    return (long) size + OBJECT_BYTES;
  }

  /// What of [#size] is not the value.
  int overhead() {
    return overhead;
  }

  /// What headers take at most.
  static int bytes(Headers headers) {
    int bytes = 0;
    for (Header header : headers) {
      byte[] value = header.value();
      // As if each character took three bytes in UTF-8.
      bytes +=
          HEADER_OVERHEAD_BYTES + 3 * header.key().length() + (value == null ? 0 : value.length);
    }
    return bytes;
  }

  static byte @Nullable [] bytes(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text.getBytes(UTF_8);
  }
}

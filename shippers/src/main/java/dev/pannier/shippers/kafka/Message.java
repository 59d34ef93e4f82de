package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.BitSet;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/// One message to Kafka, and the batch's records that it holds.
///
/// @param index   of its only record, [#SEVERAL] otherwise
/// @param records the indexes of several; null for all
record Message(ProducerRecord<byte[], byte[]> record, int index, @Nullable BitSet records) {
  static final int SEVERAL = -1;

  /// What a message has around its key, value and headers at most, alone in its batch: the header of
  /// a record batch (61) and a record's lengths, timestamp and offset (21), in Kafka's protocol,
  /// "Record Batch" and "Record".
  private static final int OVERHEAD_BYTES = 61 + 21;

  /// Two lengths as varints.
  private static final int HEADER_OVERHEAD_BYTES = 10;

  String topic() {
    return record.topic();
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

  /// An upper bound of what Kafka counts against `max.request.size`.
  int size() {
    return record.value().length + overhead();
  }

  /// What of [#size] is not the value.
  int overhead() {
    byte[] key = record.key();
    int bytes = OVERHEAD_BYTES + (key == null ? 0 : key.length);
    for (Header header : record.headers()) {
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

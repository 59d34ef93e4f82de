package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.batch.Batch;
import java.util.Arrays;
import java.util.BitSet;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/// One message to Kafka.
///
/// @param records the indexes of the batch's records that it holds; null for all
record Message(ProducerRecord<byte[], byte[]> record, @Nullable BitSet records) {
  static final String ENCODING_HEADER = "encoding";

  /// What a message has around its key, value and headers at most, alone in its batch: the header of
  /// a record batch (61) and a record's lengths, timestamp and offset (21), in Kafka's protocol,
  /// "Record Batch" and "Record".
  private static final int OVERHEAD_BYTES = 61 + 21;

  /// Two lengths as varints.
  private static final int HEADER_OVERHEAD_BYTES = 10;

  private static final byte[] OTLP_PROTO = "otlp_proto".getBytes(UTF_8);

  /// The batch's own bytes.
  static Message otlpProto(String topic, Batch batch, byte @Nullable [] key) {
    boolean exact = batch.offset() == 0 && batch.length() == batch.bytes().length;
    byte[] value =
        exact
            ? batch.bytes()
            : Arrays.copyOfRange(batch.bytes(), batch.offset(), batch.offset() + batch.length());
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, key, value);
    record.headers().add(new RecordHeader(ENCODING_HEADER, OTLP_PROTO));
    return new Message(record, null);
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
      bytes +=
          HEADER_OVERHEAD_BYTES
              + header.key().getBytes(UTF_8).length
              + (value == null ? 0 : value.length);
    }
    return bytes;
  }
}

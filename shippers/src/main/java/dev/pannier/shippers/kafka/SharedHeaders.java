package dev.pannier.shippers.kafka;

import java.util.Arrays;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/// The headers of one message after the other. A [ProducerRecord] copies what it is given, and Kafka's
/// client keeps that copy until the message is confirmed, and copies it once more to send it: 130 bytes
/// a message, of which thousands are under way.
final class SharedHeaders extends RecordHeaders {
  private final Header[] all;

  SharedHeaders(Header... all) {
    super(all);
    this.all = all;
    setReadOnly();
  }

  /// Not to be changed.
  @Override
  public Header[] toArray() {
    return all;
  }

  /// These and one more.
  SharedHeaders and(Header more) {
    Header[] with = Arrays.copyOf(all, all.length + 1);
    with[all.length] = more;
    return new SharedHeaders(with);
  }

  /// A record with these headers themselves.
  ProducerRecord<byte[], byte[]> record(
      String topic, byte @Nullable [] key, byte @Nullable [] value) {
    return new Sharing(topic, key, value, this);
  }

  private static final class Sharing extends ProducerRecord<byte[], byte[]> {
    private final SharedHeaders shared;

    Sharing(String topic, byte @Nullable [] key, byte @Nullable [] value, SharedHeaders shared) {
      super(topic, key, value);
      this.shared = shared;
    }

    @Override
    public Headers headers() {
      return shared;
    }
  }
}

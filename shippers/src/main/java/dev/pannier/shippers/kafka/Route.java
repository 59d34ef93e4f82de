package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.Template;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.ServiceName;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.encoding.Lookup;
import dev.pannier.shippers.encoding.MessageEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/// Makes the messages of one signal's batches: topic, key, value and headers.
///
/// | header | |
/// |---|---|
/// | `encoding` | `otlp_proto`, `otlp_json`, `json` or `raw`: how to read the value |
/// | `service.name` | where all records of the message have the same |
/// | `traceparent` | W3C, where the message is one record with a trace context |
///
/// One thread.
final class Route {
  static final String ENCODING = "encoding";
  static final String SERVICE_NAME = "service.name";
  static final String TRACEPARENT = "traceparent";

  private final Template topic;
  private final boolean keyIsSource;

  /// Among the encoder's lookups, -1 if there is none.
  private final int keyLookup;

  private final int topicLookups;
  private final int serviceLookup;
  private final int mostBytes;
  private final MessageEncoder encoder;
  private final ServiceName serviceName = new ServiceName();
  private final Header encodingHeader;
  private final @Nullable String fixedTopic;

  /// Whether somebody else may add headers to a message: then each has its own.
  private final boolean ownHeaders;

  /// Whether a value is the batch's own bytes, or a copy of some, which nobody writes again.
  private final boolean sharesValues;

  /// What messages of the last service had.
  private SharedHeaders headers;

  private int headerBytes;
  private @Nullable String headersService;

  // Of the batch that was begun.
  private byte @Nullable [] sourceKey;
  private SharedHeaders batchHeaders;

  /// @param mostBytes of the value of a message with several records: none that is larger is made
  Route(ShipperSettings.Kafka settings, Signal signal, int mostBytes) {
    this.mostBytes = mostBytes;
    Encoding encoding = Objects.requireNonNull(settings.encodings().get(signal), signal::label);
    this.topic =
        Template.topic(Objects.requireNonNull(settings.topics().get(signal), signal::label));
    this.keyIsSource = settings.key().equals("source");
    List<Lookup> lookups = new ArrayList<>(Lookup.parse(settings.key()));
    this.keyLookup = lookups.size() - 1;
    this.topicLookups = lookups.size();
    lookups.addAll(topic.lookups());
    if (encoding == Encoding.JSON || encoding == Encoding.RAW) {
      lookups.add(new Lookup(Lookup.Of.RESOURCE, SERVICE_NAME));
      this.serviceLookup = lookups.size() - 1;
    } else {
      // Looked up for each record it would cost a pass over all of them.
      this.serviceLookup = -1;
    }
    this.encoder = new MessageEncoder(encoding, settings.names(), lookups, mostBytes);
    this.encodingHeader =
        new RecordHeader(ENCODING, encoding.name().toLowerCase(Locale.ROOT).getBytes(US_ASCII));
    this.ownHeaders =
        !settings
            .properties()
            .getOrDefault(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, "")
            .isBlank();
    this.sharesValues = encoding == Encoding.OTLP_PROTO;
    this.headers = headers(null);
    this.batchHeaders = headers;
    this.headerBytes = Message.bytes(headers);
    this.fixedTopic = topic.lookups().isEmpty() ? topic.resolve(index -> null) : null;
  }

  private SharedHeaders headers(byte @Nullable [] service) {
    return service == null
        ? new SharedHeaders(encodingHeader)
        : new SharedHeaders(encodingHeader, new RecordHeader(SERVICE_NAME, service));
  }

  /// The service of the encoder's record: mostly the one before it had the same.
  private SharedHeaders recordHeaders() {
    String service = encoder.lookup(serviceLookup);
    if (!Objects.equals(service, headersService)) {
      headersService = service;
      headers = headers(Message.bytes(service));
      headerBytes = Message.bytes(headers);
    }
    return headers;
  }

  /// The topic of a batch with one record; empty where it is no OTLP and has none.
  String topic(Batch batch) {
    if (fixedTopic != null) {
      return fixedTopic;
    }
    try {
      start(batch);
      Message first = next();
      return first == null ? "" : first.topic();
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  /// The topic of every message; null where it depends on them.
  @Nullable String fixedTopic() {
    return fixedTopic;
  }

  /// All messages of a batch.
  ///
  /// @param mostBytes of messages that are kept
  Messages messages(Batch batch, long mostBytes) {
    return Messages.of(this, batch, mostBytes);
  }

  /// How many messages a batch is likely to become.
  int likely(Batch batch) {
    return encoder.isRecord() ? batch.records() : 1;
  }

  /// Begins with a batch; whatever was begun before is at its end.
  void start(Batch batch) {
    sourceKey = keyIsSource ? Message.bytes(batch.key()) : null;
    batchHeaders = encoder.isRecord() ? headers : headers(serviceName.of(batch));
    encoder.start(batch);
  }

  /// Makes the next message, in the order of the records; null after the last one.
  @Nullable Message next() {
    if (!encoder.next()) {
      return null;
    }
    byte[] key = keyLookup < 0 ? sourceKey : Message.bytes(encoder.lookup(keyLookup));
    String to =
        fixedTopic != null
            ? fixedTopic
            : topic.resolve(index -> encoder.lookup(topicLookups + index));
    if (!encoder.isRecord()) {
      int bytes = Message.bytes(batchHeaders);
      BitSet records = encoder.records();
      return encoder.isTooLarge()
          ? Message.tooLarge(to, key, mostBytes, bytes, records)
          : new Message(record(to, key, batchHeaders), bytes, Message.SEVERAL, records);
    }
    SharedHeaders with = serviceLookup < 0 ? batchHeaders : recordHeaders();
    int bytes = headerBytes;
    byte[] traceparent = encoder.traceparent();
    if (traceparent != null) {
      with = with.and(new RecordHeader(TRACEPARENT, traceparent));
      bytes = Message.bytes(with);
    }
    return new Message(record(to, key, with), bytes, encoder.recordIndex(), null);
  }

  private ProducerRecord<byte[], byte[]> record(
      String to, byte @Nullable [] key, SharedHeaders with) {
    return ownHeaders
        ? new ProducerRecord<>(to, null, key, value(), with)
        : with.record(to, key, value());
  }

  /// Kafka's serializer takes an array as a whole.
  private byte[] value() {
    byte[] bytes = encoder.value();
    int start = encoder.valueOffset();
    int length = encoder.valueLength();
    return sharesValues && start == 0 && length == bytes.length
        ? bytes
        : Arrays.copyOfRange(bytes, start, start + length);
  }
}

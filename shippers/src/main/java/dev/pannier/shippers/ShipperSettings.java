package dev.pannier.shippers;

import dev.pannier.shippers.batch.Signal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What one shipper is configured with, complete: every default is filled in.
public sealed interface ShipperSettings {
  /// The shipper's name in configuration, metrics, thread names and `/status`.
  String name();

  /// The signals that it takes.
  Set<Signal> signals();

  /// Whether lines go out as they came ([Encoding#RAW]).
  default boolean keepsRaw() {
    return false;
  }

  /// Whether its destination stores positions together with the records.
  default boolean isExactlyOnce() {
    return false;
  }

  /// How a batch becomes messages.
  enum Encoding {
    /// One message a batch: the OTLP request itself.
    OTLP_PROTO,
    /// One message a batch: the OTLP request in its JSON mapping.
    OTLP_JSON,
    /// One flat JSON object a record.
    JSON,
    /// The original bytes of the line, one message a line; for tailed logs only.
    RAW
  }

  /// The field names of [Encoding#JSON].
  enum FieldNames {
    LOGSTASH,
    ECS,
    OTEL
  }

  enum Protocol {
    GRPC,
    HTTP_PROTOBUF,
    HTTP_JSON
  }

  enum Compression {
    NONE,
    GZIP
  }

  /// @param topics     a topic or a template (`logs.${resource:service.name}`) for each signal
  /// @param encodings  for each signal
  /// @param key        `source`, `trace_id`, `none`, `resource:KEY` or `attribute:KEY`
  /// @param properties the producer's properties, `bootstrap.servers` among them; may hold secrets
  /// @param transactions for exactly once; null for at least once
  record Kafka(
      String name,
      Map<Signal, String> topics,
      Map<Signal, Encoding> encodings,
      FieldNames names,
      String key,
      Map<String, String> properties,
      @Nullable Transactions transactions)
      implements ShipperSettings {
    /// At least once.
    public Kafka(
        String name,
        Map<Signal, String> topics,
        Map<Signal, Encoding> encodings,
        FieldNames names,
        String key,
        Map<String, String> properties) {
      this(name, topics, encodings, names, key, properties, null);
    }

    @Override
    public Set<Signal> signals() {
      return topics.keySet();
    }

    @Override
    public boolean keepsRaw() {
      return encodings.get(Signal.LOGS) == Encoding.RAW;
    }

    @Override
    public boolean isExactlyOnce() {
      return transactions != null;
    }

    /// Without the topics of signals that have no source: nobody is to be told that one of them is
    /// missing, and no broker is to create it.
    public Kafka withoutSignal(Signal signal) {
      Map<Signal, String> left = new EnumMap<>(topics);
      left.remove(signal);
      return new Kafka(name, left, encodings, names, key, properties, transactions);
    }
  }

  /// What `delivery: exactly_once` needs.
  ///
  /// @param idPrefix       what every `transactional.id` begins with
  /// @param positionsTopic where positions are stored
  record Transactions(String idPrefix, String positionsTopic) {}

  /// @param endpoint `http://` or `https://`, host and port; for HTTP a path before `/v1/logs`
  /// @param headers  sent with each request; may hold secrets
  /// @param timeout  of one attempt
  record Otlp(
      String name,
      URI endpoint,
      Protocol protocol,
      Compression compression,
      Map<String, String> headers,
      @Nullable Tls tls,
      Duration timeout,
      Set<Signal> signals)
      implements ShipperSettings {}

  /// PEM files.
  ///
  /// @param ca   the authorities trusted instead of the JDK's
  /// @param cert the client's certificate chain, for mTLS; with `key`
  record Tls(@Nullable Path ca, @Nullable Path cert, @Nullable Path key) {}

  /// @param path     a folder; below it a file for each signal, or a template
  ///     (`${resource:service.name}/logs.jsonl`)
  /// @param encoding [Encoding#OTLP_JSON], [Encoding#JSON] or [Encoding#RAW], a line each
  /// @param maxBytes of all files together: the oldest rotated file goes first
  record File(
      String name,
      String path,
      Encoding encoding,
      FieldNames names,
      long maxBytes,
      Set<Signal> signals)
      implements ShipperSettings {
    @Override
    public boolean keepsRaw() {
      return encoding == Encoding.RAW;
    }
  }

  /// Standard output, a line a batch for [Encoding#OTLP_JSON].
  record Stdout(String name, Encoding encoding, FieldNames names, Set<Signal> signals)
      implements ShipperSettings {
    @Override
    public boolean keepsRaw() {
      return encoding == Encoding.RAW;
    }
  }
}

package dev.pannier.collector.config;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.ShipperSettings.Transactions;
import dev.pannier.shippers.Template;
import dev.pannier.shippers.batch.Signal;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.common.config.SaslConfigs;
import org.jspecify.annotations.Nullable;

/// Reads a shipper of the type `kafka`.
final class KafkaReader {
  /// One login module, its flag and its options, as JAAS has them.
  private static final Pattern LOGIN =
      Pattern.compile(
          "\\s*[\\w.$]++\\s++(?i:required|requisite|sufficient|optional)"
              + "(?:\\s++[\\w.$-]++\\s*+=\\s*+(?:\"(?:[^\"\\\\]|\\\\.)*+\"|'(?:[^'\\\\]|\\\\.)*+'|[^\\s;\"']++))*+\\s*+;\\s*+",
          Pattern.DOTALL);

  static final String BOOTSTRAP_SERVERS = "bootstrap.servers";

  private static final Map<String, Encoding> ENCODINGS =
      Names.choices(Encoding.values(), value -> value.name().toLowerCase(Locale.ROOT));

  /// Kafka's own rule for a topic's name (`org.apache.kafka.common.internals.Topic`).
  private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");

  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{[^}]*}");

  private static final Pattern KEY =
      Pattern.compile("source|trace_id|none|resource:.+|attribute:.+");

  private static final int MAX_IN_FLIGHT = 5;

  /// `transaction.timeout.ms` where it is not set.
  private static final long TRANSACTION_TIMEOUT_MS = 10_000;

  /// `delivery.timeout.ms` and `request.timeout.ms` where they are not set.
  private static final long TRANSACTION_DELIVERY_TIMEOUT_MS = 8_000;

  private static final long TRANSACTION_REQUEST_TIMEOUT_MS = 4_000;

  private static final Pattern ID_PREFIX = Pattern.compile("[A-Za-z0-9._-]{1,100}");

  /// What the promises of delivery rest on, and what has a key of its own.
  private static final Set<String> OURS =
      Set.of(
          BOOTSTRAP_SERVERS,
          "acks",
          "enable.idempotence",
          "key.serializer",
          "value.serializer",
          "transactional.id",
          "partitioner.class");

  private KafkaReader() {}

  /// The topics that the OpenTelemetry Collector's Kafka receiver reads by default.
  static Map<Signal, String> defaultTopics() {
    Map<Signal, String> topics = new EnumMap<>(Signal.class);
    topics.put(Signal.LOGS, "otlp_logs");
    topics.put(Signal.TRACES, "otlp_spans");
    topics.put(Signal.METRICS, "otlp_metrics");
    return topics;
  }

  static Map<Signal, Encoding> defaultEncodings() {
    Map<Signal, Encoding> encodings = new EnumMap<>(Signal.class);
    for (Signal signal : Signal.values()) {
      encodings.put(signal, Encoding.OTLP_PROTO);
    }
    return encodings;
  }

  static ShipperSettings read(String name, Section section) {
    Map<String, String> properties = new LinkedHashMap<>();
    Value servers = section.required("bootstrap_servers");
    if (servers != null) {
      properties.put(BOOTSTRAP_SERVERS, servers(servers));
    }
    Set<Signal> signals = ShippersReader.signals(section);
    Map<Signal, String> topics = topics(section.value("topics"), signals);
    Map<Signal, Encoding> encodings = encodings(section.value("encoding"), signals);
    FieldNames names = section.choice("names", ShippersReader.FIELD_NAMES, FieldNames.LOGSTASH);
    String key = key(section.value("key"));
    Transactions transactions = transactions(section);
    Section own = section.section("properties");
    section.misplaced(
        ProducerConfig.configNames(),
        property ->
            Objects.requireNonNullElse(
                unwelcome(property),
                "is a property of Kafka's producer: write it below properties"));
    Map<String, String> written = own.texts(false);
    check(own, written);
    if (!key.equals("none")) {
      keysCount(own, written);
    }
    if (transactions != null) {
      withTransactions(own, written);
    }
    properties.putAll(written);
    topics.keySet().retainAll(signals);
    encodings.keySet().retainAll(signals);
    return new ShipperSettings.Kafka(
        name,
        Collections.unmodifiableMap(topics),
        Collections.unmodifiableMap(encodings),
        names,
        key,
        Collections.unmodifiableMap(properties),
        transactions);
  }

  /// @return null for `delivery: at_least_once`
  private static @Nullable Transactions transactions(Section section) {
    boolean wanted =
        section.choice("delivery", Map.of("at_least_once", false, "exactly_once", true), false);
    Value prefixValue = section.value("transactional_id_prefix");
    Value positionsValue = section.value("positions");
    String prefix = "pannier-";
    if (prefixValue != null) {
      prefix = prefixValue.text("");
      if (!ID_PREFIX.matcher(prefix).matches()) {
        prefixValue.problem("not up to 100 of letters, digits, '.', '_' and '-'");
      }
      onlyExactlyOnce(prefixValue, wanted);
    }
    String topic = "pannier_positions";
    if (positionsValue != null) {
      Section positions = positionsValue.section();
      Value topicValue = positions.value("topic");
      if (topicValue != null) {
        topic = topicValue.text("");
        if (!TOPIC.matcher(topic).matches() || topic.equals(".") || topic.equals("..")) {
          topicValue.problem("no topic: up to 249 of letters, digits, '.', '_' and '-'");
        }
      }
      positions.finish();
      onlyExactlyOnce(positionsValue, wanted);
    }
    return wanted ? new Transactions(prefix, topic) : null;
  }

  private static void onlyExactlyOnce(Value value, boolean wanted) {
    if (!wanted) {
      value.problemShown("is for delivery: exactly_once alone");
    }
  }

  private static String servers(Value value) {
    StringBuilder servers = new StringBuilder();
    for (Value element : value.list()) {
      for (String server : element.text("").split(",", -1)) {
        if (AddressReader.parse(server.strip()) == null) {
          (server.contains("@") ? element.secret() : element)
              .problem("no address: host:port, or a list of them");
        }
        servers.append(servers.isEmpty() ? "" : ",").append(server.strip());
      }
    }
    return servers.toString();
  }

  private static Map<Signal, String> topics(@Nullable Value value, Set<Signal> signals) {
    Map<Signal, String> topics = defaultTopics();
    if (value == null) {
      return topics;
    }
    if (!value.isSection()) {
      String topic = topic(value);
      for (Signal signal : signals) {
        topics.put(signal, topic);
      }
      return topics;
    }
    Section section = value.section();
    for (Signal signal : Signal.values()) {
      Value topic = section.value(signal.label());
      if (topic != null) {
        notTaken(topic, signal, signals);
        topics.put(signal, topic(topic));
      }
    }
    section.finish();
    return topics;
  }

  /// Whether brokers take it for a name.
  static boolean isTopic(String topic) {
    return TOPIC.matcher(topic).matches() && !topic.equals(".") && !topic.equals("..");
  }

  private static String topic(Value value) {
    String topic = value.template();
    if (topic == null) {
      return "";
    }
    String wrong = Template.problem(topic);
    if (wrong != null) {
      value.problem(wrong);
      return topic;
    }
    // A placeholder's value is made of the same characters.
    String sample = PLACEHOLDER.matcher(topic).replaceAll("x");
    if (!isTopic(sample)) {
      value.problem("no topic: up to 249 of letters, digits, '.', '_' and '-'");
    }
    return topic;
  }

  private static Map<Signal, Encoding> encodings(@Nullable Value value, Set<Signal> signals) {
    Map<Signal, Encoding> encodings = defaultEncodings();
    if (value == null) {
      return encodings;
    }
    if (!value.isSection()) {
      Encoding encoding = value.choice(ENCODINGS, Encoding.OTLP_PROTO);
      for (Signal signal : signals) {
        encodings.put(signal, encoding);
      }
      if (encoding == Encoding.RAW && !signals.equals(Set.of(Signal.LOGS))) {
        value.problem("raw is for logs only: write encoding: {logs: raw}, or add signals: [logs]");
      }
      return encodings;
    }
    Section section = value.section();
    for (Signal signal : Signal.values()) {
      Value encoding = section.value(signal.label());
      if (encoding != null) {
        notTaken(encoding, signal, signals);
        encodings.put(signal, encoding.choice(ENCODINGS, Encoding.OTLP_PROTO));
        if (signal != Signal.LOGS && encodings.get(signal) == Encoding.RAW) {
          encoding.problem("raw is for logs only");
        }
      }
    }
    section.finish();
    return encodings;
  }

  private static void notTaken(Value value, Signal signal, Set<Signal> signals) {
    if (!signals.contains(signal)) {
      value.problem("signals leaves out " + signal.label());
    }
  }

  private static String key(@Nullable Value value) {
    String key = value == null ? null : value.text();
    if (value == null || key == null) {
      return "source";
    }
    if (!KEY.matcher(key).matches()) {
      value.problem("unknown value, known are source, trace_id, none, resource:KEY, attribute:KEY");
    }
    return key;
  }

  /// Asks Kafka's own definition of a producer about each property, then sees to the relations
  /// between them.
  private static void check(Section section, Map<String, String> properties) {
    Map<String, String> asked = new TreeMap<>();
    for (Map.Entry<String, String> entry : properties.entrySet()) {
      Value value = section.all().get(entry.getKey());
      String unwelcome = unwelcome(entry.getKey());
      if (value != null && unwelcome != null) {
        value.problemShown(unwelcome);
      } else if (value != null
          && entry.getKey().equals(SaslConfigs.SASL_JAAS_CONFIG)
          && !LOGIN.matcher(entry.getValue()).matches()) {
        // The client would tell of it by a piece of it.
        value.secret().problem("no login: Module required name=\"value\" …;");
      } else {
        asked.put(entry.getKey(), entry.getValue());
      }
    }
    for (ConfigValue result : ProducerConfig.configDef().validate(asked)) {
      Value value = asked.containsKey(result.name()) ? section.all().get(result.name()) : null;
      if (value == null || result.errorMessages().isEmpty()) {
        continue;
      }
      if (Secrets.isSecret(result.name()) || value.isSecret()) {
        value.secret().problem("Kafka does not take this value");
      } else {
        // The first message holds the value; further ones follow from it.
        value.problemShown(result.errorMessages().getFirst().lines().findFirst().orElse(""));
      }
    }
    relations(section, asked);
  }

  /// What order rests on: messages of one key are in one partition.
  private static void keysCount(Section section, Map<String, String> properties) {
    String ignored = ProducerConfig.PARTITIONER_IGNORE_KEYS_CONFIG;
    Value value = section.value(ignored);
    if (value != null && "true".equalsIgnoreCase(properties.getOrDefault(ignored, "").strip())) {
      value.problem(
          ignored + " = true: a key is a partition, so an order, here; write key: none beside it");
    }
  }

  /// What transactions rest on.
  private static void withTransactions(Section section, Map<String, String> properties) {
    long timeout =
        properties.containsKey(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG)
            ? number(properties, ProducerConfig.TRANSACTION_TIMEOUT_CONFIG)
            : TRANSACTION_TIMEOUT_MS;
    Value delivery = section.value(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG);
    if (delivery != null
        && number(properties, ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG) > timeout) {
      delivery.problem(
          "delivery.timeout.ms > transaction.timeout.ms, which is "
              + timeout
              + ": with exactly_once an attempt ends before its transaction");
    }
    long attempt =
        (properties.containsKey(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG)
                ? number(properties, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG)
                : TRANSACTION_REQUEST_TIMEOUT_MS)
            + number(properties, ProducerConfig.LINGER_MS_CONFIG);
    if (delivery == null && attempt > TRANSACTION_DELIVERY_TIMEOUT_MS) {
      Value request = section.value(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG);
      Value linger = section.value(ProducerConfig.LINGER_MS_CONFIG);
      Value longest = request == null ? linger : request;
      if (longest != null) {
        longest.problem(
            "request.timeout.ms + linger.ms > delivery.timeout.ms, which is "
                + TRANSACTION_DELIVERY_TIMEOUT_MS
                + " with exactly_once");
      }
    }
    Value retries = section.value(ProducerConfig.RETRIES_CONFIG);
    if (retries != null && number(properties, ProducerConfig.RETRIES_CONFIG) == 0) {
      retries.problem("retries = 0: a producer with transactions has to retry");
    }
  }

  /// @return why the property may not be set; null where it may
  private static @Nullable String unwelcome(String property) {
    if (property.equals(BOOTSTRAP_SERVERS)) {
      return "has its own key, bootstrap_servers";
    }
    if (OURS.contains(property)) {
      return "is set by the sidecar itself, since delivery rests on it";
    }
    return ProducerConfig.configNames().contains(property)
        ? null
        : "no property of a Kafka producer"
            + Suggestion.among(ProducerConfig.configNames(), property);
  }

  private static void relations(Section section, Map<String, String> properties) {
    String inFlight = ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION;
    Value inFlightValue = section.value(inFlight);
    if (inFlightValue != null && number(properties, inFlight) > MAX_IN_FLIGHT) {
      inFlightValue.problem(inFlight + " > 5, above which order is lost");
    }
    Value delivery = section.value(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG);
    long request = number(properties, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG);
    long linger = number(properties, ProducerConfig.LINGER_MS_CONFIG);
    if (delivery != null
        && number(properties, ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG) < request + linger) {
      delivery.problem("delivery.timeout.ms < request.timeout.ms + linger.ms");
    }
  }

  /// @return 0 where it is not there, or is no number, which Kafka has said
  private static long number(Map<String, String> properties, String name) {
    try {
      return Long.parseLong(properties.getOrDefault(name, "0").strip());
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}

package dev.pannier.collector.config;

import dev.pannier.collector.config.ShipperPolicy.CircuitBreaker;
import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Signal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads what is done where a destination does not take what it is given: `on_oversize`, `dead_letter`,
/// `circuit_breaker` and `fallback` of each shipper.
final class PolicyReader {
  private static final int OPEN_AFTER = 5;
  private static final Duration HALF_OPEN_AFTER = Duration.ofSeconds(30);
  private static final CircuitBreaker CIRCUIT_BREAKER =
      new CircuitBreaker(OPEN_AFTER, HALF_OPEN_AFTER);
  private static final long LETTERS_BYTES = 64 * Units.MIB;
  private static final Map<String, Boolean> ON_OVERSIZE =
      Names.choices(new Boolean[] {false, true}, buried -> buried ? "dead_letter" : "split");

  private final Map<String, ShipperPolicy> policies = new LinkedHashMap<>();
  private final Map<String, Value> fallbacks = new LinkedHashMap<>();

  private static final String NOT_TRANSACTIONAL =
      "needs delivery: at_least_once: a transaction is of one destination";

  private static final String TOPIC_OF_POSITIONS =
      "has the topic of positions, which keeps the last message of each key alone";
  private static final String NOT_IN_A_TRANSACTION =
      "needs topic with delivery: exactly_once, since a file is in no transaction";

  private final Set<String> exactlyOnce = new HashSet<>();

  /// @param kind        the shipper's type
  /// @param positionsTopic where it stores positions with its records; null where it does not
  /// @param files   that shippers write
  void read(
      String name,
      String kind,
      @Nullable String positionsTopic,
      Section section,
      WrittenFiles files) {
    boolean exactlyOnce = positionsTopic != null;
    if (exactlyOnce) {
      this.exactlyOnce.add(name);
    }
    boolean remote = kind.equals("kafka") || kind.equals("otlp");
    boolean buries = false;
    DeadLettersTo letters = null;
    if (remote) {
      Value lettersValue = section.value("dead_letter");
      letters = lettersValue == null ? null : deadLetters(lettersValue, kind, files);
      if (lettersValue != null && exactlyOnce && letters instanceof DeadLettersTo.File) {
        lettersValue.problem(NOT_IN_A_TRANSACTION);
        letters = null;
      }
      if (lettersValue != null
          && letters instanceof DeadLettersTo.Topic(String topic)
          && topic.equals(positionsTopic)) {
        lettersValue.problem(TOPIC_OF_POSITIONS);
      }
      Value oversize = section.value("on_oversize");
      buries = oversize != null && oversize.choice(ON_OVERSIZE, false);
      if (oversize != null && buries && lettersValue == null) {
        oversize.problem("needs dead_letter, which says where they go");
        buries = false;
      }
    }
    Value breakerValue = section.value("circuit_breaker");
    CircuitBreaker breaker = breakerValue == null ? null : breaker(breakerValue);
    Value fallbackValue = section.value("fallback");
    String fallback = fallbackValue == null ? null : fallbackValue.text();
    if (fallbackValue != null && fallback != null) {
      if (exactlyOnce) {
        fallbackValue.problem(NOT_TRANSACTIONAL);
      }
      fallbacks.put(name, fallbackValue);
      breaker = breaker == null ? CIRCUIT_BREAKER : breaker;
    }
    policies.put(name, new ShipperPolicy(buries, letters, breaker, fallback));
  }

  private static @Nullable DeadLettersTo deadLetters(Value value, String kind, WrittenFiles files) {
    Section section = value.section();
    Value topic = kind.equals("kafka") ? section.value("topic") : null;
    Value path = section.value("path");
    Value maxBytesValue = section.value("max_bytes");
    long maxBytes = section.size("max_bytes", Units.MIB, 1024 * Units.GIB, LETTERS_BYTES);
    section.finish();
    if (topic != null && path != null) {
      value.problem("has topic and path: one of them");
      return null;
    }
    if (topic != null) {
      if (maxBytesValue != null) {
        maxBytesValue.problem("is for path");
      }
      String name = topic.text();
      if (name != null && !KafkaReader.isTopic(name)) {
        topic.problem("no topic: up to 249 of letters, digits, '.', '_' and '-'");
      }
      return name == null ? null : new DeadLettersTo.Topic(name);
    }
    if (path != null) {
      Path file = path.absolutePath();
      if (file == null) {
        return null;
      }
      files.add(path, file);
      return new DeadLettersTo.File(file, maxBytes);
    }
    if (value.isSection()) {
      value.problem(kind.equals("kafka") ? "needs topic or path" : "needs path");
    }
    return null;
  }

  private static CircuitBreaker breaker(Value value) {
    Section section = value.section();
    Value openAfter = section.value("open_after");
    CircuitBreaker breaker =
        new CircuitBreaker(
            openAfter == null ? OPEN_AFTER : openAfter.number(1, 1_000, OPEN_AFTER),
            section.duration(
                "half_open_after", Duration.ofSeconds(1), Duration.ofHours(1), HALF_OPEN_AFTER));
    section.finish();
    return breaker;
  }

  /// Sees to the relations between shippers.
  Map<String, ShipperPolicy> finish(List<ShipperSettings> shippers) {
    Map<String, ShipperSettings> byName = new LinkedHashMap<>();
    shippers.forEach(shipper -> byName.put(shipper.name(), shipper));
    Map<String, String> users = new HashMap<>();
    for (Map.Entry<String, Value> entry : fallbacks.entrySet()) {
      String name = entry.getKey();
      Value value = entry.getValue();
      String fallback = value.text("");
      ShipperSettings from = byName.get(name);
      ShipperSettings to = byName.get(fallback);
      String other = users.putIfAbsent(fallback, name);
      if (fallback.equals(name)) {
        value.problem("is this shipper itself");
      } else if (!policies.containsKey(fallback)) {
        value.problem("no such shipper" + Suggestion.among(policies.keySet(), fallback));
      } else if (fallbacks.containsKey(fallback)) {
        value.problem("has a fallback itself");
      } else if (exactlyOnce.contains(fallback)) {
        value.problem("has delivery: exactly_once, and would take some of a file's records alone");
      } else if (other != null) {
        value.problem("is the fallback of " + other + " already");
      } else if (from != null && to != null) {
        EnumSet<Signal> missing = EnumSet.copyOf(from.signals());
        missing.removeAll(to.signals());
        if (!missing.isEmpty()) {
          value.problem("does not take " + missing.iterator().next().label());
        }
      }
    }
    return Map.copyOf(policies);
  }
}

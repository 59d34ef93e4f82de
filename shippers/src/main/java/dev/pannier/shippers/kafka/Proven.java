package dev.pannier.shippers.kafka;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// What a broker has shown to take. A message may be refused as too large, which only the broker
/// knows: `max.message.bytes` is a topic's, and counts what compression leaves. What is behind it in
/// flight then overtakes it:
///
/// - behind the first message of a producer to a partition, since a broker that does not know a
///   producer takes any sequence number;
/// - behind any other, since the client numbers anew what is behind a message that failed.
///
/// So nothing follows a message as long as it is larger than what its topic has confirmed, or its key
/// has not been confirmed by this producer. Thread-safe.
final class Proven {
  /// Keys beyond this are forgotten, and go alone once more.
  private static final int MAX_KEYS = 1_000;

  private final Map<String, Integer> largest = new HashMap<>();
  private final Map<String, Set<String>> keys = new HashMap<>();
  private int keyCount;

  /// How large a message of this key may be that others follow; 0 for none.
  synchronized int bytes(String topic, String key) {
    return keys.getOrDefault(topic, Set.of()).contains(key) ? largest.getOrDefault(topic, 0) : 0;
  }

  synchronized void confirmed(String topic, String key, int bytes) {
    largest.merge(topic, bytes, Math::max);
    if (keyCount >= MAX_KEYS) {
      newProducer();
    }
    if (keys.computeIfAbsent(topic, any -> new HashSet<>()).add(key)) {
      keyCount++;
    }
  }

  /// A broker has refused a message of a size that may have been confirmed before, when it was
  /// compressed better.
  synchronized void refused(String topic) {
    largest.remove(topic);
  }

  /// A message of the key was not confirmed in time: the next one goes alone.
  synchronized void expired(String topic, String key) {
    Set<String> proven = keys.get(topic);
    if (proven != null && proven.remove(key)) {
      keyCount--;
    }
  }

  /// No broker knows the producer.
  synchronized void newProducer() {
    keys.clear();
    keyCount = 0;
  }
}

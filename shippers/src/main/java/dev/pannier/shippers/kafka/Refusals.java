package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Refusal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The records of one batch that were refused for good, each with its reason. Not thread-safe.
final class Refusals {
  /// Brokers word a reason in a few ways, with the partition in it; whatever they word, memory is bounded.
  static final int MAX_REASONS = 64;

  static final String NOT_KEPT =
      "refused for good; its own reason is not kept, since its batch has more than "
          + MAX_REASONS
          + " of them";

  private final Map<String, BitSet> byReason = new LinkedHashMap<>();
  private String last = "";

  void add(BitSet records, String reason) {
    boolean isKept = byReason.containsKey(reason) || byReason.size() < MAX_REASONS;
    byReason.computeIfAbsent(isKept ? reason : NOT_KEPT, any -> new BitSet()).or(records);
    last = reason;
  }

  Refusals copy() {
    Refusals copy = new Refusals();
    byReason.forEach((reason, records) -> copy.byReason.put(reason, (BitSet) records.clone()));
    copy.last = last;
    return copy;
  }

  /// These are none of them.
  void remove(BitSet records) {
    byReason.values().forEach(all -> all.andNot(records));
    byReason.values().removeIf(BitSet::isEmpty);
  }

  /// The records of one reason.
  BitSet of(String reason) {
    BitSet records = byReason.get(reason);
    return records == null ? new BitSet() : (BitSet) records.clone();
  }

  /// The records of all reasons.
  BitSet records() {
    BitSet all = new BitSet();
    byReason.values().forEach(all::or);
    return all;
  }

  /// That of a record.
  String reason(int record) {
    for (Map.Entry<String, BitSet> one : byReason.entrySet()) {
      if (one.getValue().get(record)) {
        return one.getKey();
      }
    }
    return last;
  }

  /// The reason that was added last: one for all, where only one can be told.
  String lastReason() {
    return last;
  }

  List<Refusal> all() {
    List<Refusal> all = new ArrayList<>(byReason.size());
    byReason.forEach((reason, records) -> all.add(new Refusal((BitSet) records.clone(), reason)));
    return all;
  }
}

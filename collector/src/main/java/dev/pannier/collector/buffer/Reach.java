package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Signal;
import java.util.EnumMap;
import java.util.Map;

/// Which numbers of the log a shipper gets, as far as it takes their signals: none behind its removal, and of a signal that it has come to
/// take later those behind that.
///
/// Changed under the buffer's lock. The shipper's thread reads it without, too: it changes between whole segments, to which that comes under the lock.
final class Reach {
  /// The last one; `Long.MAX_VALUE` for a shipper that was not removed.
  private volatile long until = Long.MAX_VALUE;

  /// Signals that came later: those of segments that begin behind this number.
  private final Map<Signal, Long> since = new EnumMap<>(Signal.class);

  /// The shipper takes another signal.
  void beginBehind(Signal signal, long number) {
    since.put(signal, number);
  }

  /// The shipper is removed.
  void endAt(long number) {
    until = number;
  }

  void end() {
    until = Long.MIN_VALUE;
  }

  boolean endsBefore(long number) {
    return number > until;
  }

  boolean has(Signal signal, long number) {
    return number <= until && number > since.getOrDefault(signal, Long.MIN_VALUE);
  }

  /// Whether it has other signals of the second number than of the first.
  boolean changes(long before, long number) {
    return (until >= before && until < number)
        || since.values().stream().anyMatch(after -> after >= before && after < number);
  }
}

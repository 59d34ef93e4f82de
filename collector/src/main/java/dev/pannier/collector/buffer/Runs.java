package dev.pannier.collector.buffer;

import java.util.Map;
import java.util.TreeMap;

/// Numbers of a log, in runs that do not touch each other.
final class Runs {
  /// Where each ends, by the number before it.
  private final TreeMap<Long, Long> ends = new TreeMap<>();

  /// @param after exclusive
  /// @param upTo  inclusive
  void add(long after, long upTo) {
    long begin = after;
    long end = upTo;
    Map.Entry<Long, Long> before = ends.floorEntry(begin);
    if (before != null && before.getValue() >= begin) {
      begin = before.getKey();
    }
    for (Map.Entry<Long, Long> each = ends.ceilingEntry(begin);
        each != null && each.getKey() <= end;
        each = ends.ceilingEntry(begin)) {
      end = Math.max(end, each.getValue());
      ends.remove(each.getKey());
    }
    ends.put(begin, end);
  }

  boolean has(long number) {
    Map.Entry<Long, Long> before = ends.lowerEntry(number);
    return before != null && before.getValue() >= number;
  }

  /// @param low  no number of a run, as is `high`
  boolean isAnyBetween(long low, long high) {
    Map.Entry<Long, Long> before = ends.lowerEntry(high);
    return before != null && before.getKey() >= low;
  }
}

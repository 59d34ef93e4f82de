package dev.pannier.collector.receipt;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Bytes `[from, to)` of a file.
public record ByteRange(long from, long to) {
  public ByteRange {
    if (from < 0 || to <= from) {
      throw new IllegalArgumentException("from < 0 or to <= from: " + from + ", " + to);
    }
  }

  public long length() {
    return to - from;
  }

  /// Adds a range to others that lie before it; one that begins where the last ends makes it longer,
  /// and an empty one is left out.
  public static void add(List<ByteRange> ranges, long from, long to) {
    if (to <= from) {
      return;
    }
    ByteRange last = ranges.isEmpty() ? null : ranges.getLast();
    if (last != null && last.to() >= from) {
      ranges.set(ranges.size() - 1, new ByteRange(last.from(), Math.max(last.to(), to)));
    } else {
      ranges.add(new ByteRange(from, to));
    }
  }

  /// Adds a range to others that are in order and apart from each other, and stay so.
  public static void insert(List<ByteRange> ranges, long from, long to) {
    if (ranges.isEmpty() || from >= ranges.getLast().from()) {
      add(ranges, from, to);
    } else if (to > from) {
      List<ByteRange> all = new ArrayList<>(ranges);
      all.add(new ByteRange(from, to));
      all.sort(Comparator.comparingLong(ByteRange::from));
      ranges.clear();
      all.forEach(range -> add(ranges, range.from(), range.to()));
    }
  }

  /// What of a range lies in none of the others.
  ///
  /// @param others in order, and apart from each other
  public static List<ByteRange> without(ByteRange range, List<ByteRange> others) {
    List<ByteRange> left = new ArrayList<>();
    long from = range.from();
    for (ByteRange other : others) {
      if (other.to() <= from || other.from() >= range.to()) {
        continue;
      }
      add(left, from, other.from());
      from = Math.max(from, other.to());
    }
    add(left, from, range.to());
    return left;
  }

  /// What of some ranges lies in none of the others. Each of both is in order, and apart from the rest.
  static List<ByteRange> without(List<ByteRange> ranges, List<ByteRange> others) {
    List<ByteRange> left = new ArrayList<>();
    for (ByteRange range : ranges) {
      left.addAll(without(range, others));
    }
    return left;
  }

  public static long sum(List<ByteRange> ranges) {
    return ranges.stream().mapToLong(ByteRange::length).sum();
  }

  /// `100-200`: the first byte, and the one after the last.
  @Override
  public String toString() {
    return from + "-" + to;
  }
}

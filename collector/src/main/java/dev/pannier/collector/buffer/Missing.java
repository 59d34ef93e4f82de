package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/// Numbers of a segment that a shipper never gets, but for those that it was not to get ([DiskCursor#gets]).
///
/// @param after   exclusive
/// @param upTo    inclusive
/// @param numbers which of those in between; it stays as it is
record Missing(
    DiskCursor cursor, Segment segment, long after, long upTo, LongPredicate numbers, String why) {
  private static final long MOST_NUMBERS = 1 << 20;

  boolean has(long sequence) {
    return sequence > after && sequence <= upTo && numbers.test(sequence);
  }

  /// Those that follow each other without a gap, in their order; the last goes on to the end where there are more.
  List<Missing> runs(int most) {
    if (upTo - after > MOST_NUMBERS) {
      // Numbers jump where the end of a log was lost.
      return List.of(this);
    }
    List<Missing> runs = new ArrayList<>();
    for (long number = after + 1; number <= upTo; number++) {
      if (!numbers.test(number)) {
        continue;
      }
      long begin = number - 1;
      while (number < upTo && (runs.size() == most - 1 || numbers.test(number + 1))) {
        number++;
      }
      runs.add(new Missing(cursor, segment, begin, number, numbers, why));
    }
    return runs;
  }
}

package dev.pannier.collector.buffer;

import java.util.function.LongPredicate;

/// Numbers of a log that a shipper never gets, but for those of signals that it does not take.
///
/// @param after   exclusive
/// @param upTo    inclusive
/// @param numbers which of those in between; it stays as it is
record Missing(String shipper, long after, long upTo, LongPredicate numbers, String why) {
  boolean has(long sequence) {
    return sequence > after && sequence <= upTo && numbers.test(sequence);
  }
}

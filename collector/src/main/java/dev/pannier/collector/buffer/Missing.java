package dev.pannier.collector.buffer;

/// Numbers of a log that a shipper never gets, but for those of signals that it does not take.
///
/// @param after exclusive
/// @param upTo  inclusive
record Missing(String shipper, long after, long upTo, String why) {
  boolean has(long sequence) {
    return sequence > after && sequence <= upTo;
  }
}

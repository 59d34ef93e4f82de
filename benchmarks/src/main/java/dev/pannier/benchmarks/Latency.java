package dev.pannier.benchmarks;

/// How long lines took from `write` to whoever takes them, and what the sidecar used meanwhile.
///
/// @param written lines
/// @param counted lines that came out
/// @param millis  of each line that counts
/// @param cpu     share of one CPU over the time of the writing
public record Latency(String name, long written, long counted, double[] millis, double cpu) {
  public boolean closes() {
    return written == counted;
  }

  String p50() {
    return Report.number(Distribution.of(millis).median());
  }

  String p99() {
    return Report.number(Distribution.of(millis).at(0.99));
  }

  String longest() {
    return Report.number(Distribution.of(millis).at(1));
  }
}

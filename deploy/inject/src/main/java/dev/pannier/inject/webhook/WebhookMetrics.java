package dev.pannier.inject.webhook;

import java.time.Instant;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/// What the webhook has done, in Prometheus' text format. Labels have a few values each, and none is a Pod's or a namespace's. Thread-safe.
final class WebhookMetrics {
  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /// Why a request was not answered with a review.
  enum Fault {
    /// No review in JSON.
    MALFORMED(400),
    TOO_LARGE(413),
    WRONG_CONTENT_TYPE(415),
    /// More at once than there is room for.
    BUSY(503);

    private final int status;

    Fault(int status) {
      this.status = status;
    }

    private String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// The last has no end.
  private static final double[] BUCKETS_SECONDS = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5
  };

  private final Map<Verdict.Result, LongAdder> reviews = new EnumMap<>(Verdict.Result.class);
  private final Map<Fault, LongAdder> faults = new EnumMap<>(Fault.class);
  private final LongAdder warned = new LongAdder();
  private final AtomicLongArray buckets = new AtomicLongArray(BUCKETS_SECONDS.length + 1);
  private final LongAdder nanos = new LongAdder();

  WebhookMetrics() {
    for (Verdict.Result result : Verdict.Result.values()) {
      reviews.put(result, new LongAdder());
    }
    for (Fault fault : Fault.values()) {
      faults.put(fault, new LongAdder());
    }
  }

  void reviewed(Verdict verdict, long tookNanos) {
    count(reviews, verdict.result());
    if (!verdict.warnings().isEmpty()) {
      warned.increment();
    }
    int bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && tookNanos > BUCKETS_SECONDS[bucket] * 1e9) {
      bucket++;
    }
    buckets.incrementAndGet(bucket);
    nanos.add(tookNanos);
  }

  /// @param status of the answer to what should have been a review
  void answered(int status) {
    for (Fault fault : Fault.values()) {
      if (fault.status == status) {
        count(faults, fault);
      }
    }
  }

  private static <K> void count(Map<K, LongAdder> counts, K key) {
    LongAdder count = counts.get(key);
    if (count != null) {
      count.increment();
    }
  }

  /// @param certificateUntil when the certificate ends that is served with
  String page(Instant certificateUntil) {
    StringBuilder out = new StringBuilder();
    head(
        out,
        "pannier_webhook_admitted_total",
        "counter",
        "Pods that were admitted: all it was asked about.");
    long admitted = reviews.values().stream().mapToLong(LongAdder::sum).sum();
    sample(out, "pannier_webhook_admitted_total", admitted);
    head(out, "pannier_webhook_reviews_total", "counter", "Reviews, by what became of the Pod.");
    reviews.forEach(
        (result, count) ->
            sample(
                out,
                "pannier_webhook_reviews_total{outcome=\"" + result.label() + "\"}",
                count.sum()));
    head(
        out,
        "pannier_webhook_warned_total",
        "counter",
        "Reviews that were answered with a warning.");
    sample(out, "pannier_webhook_warned_total", warned.sum());
    head(out, "pannier_webhook_errors_total", "counter", "Requests that were not reviewed.");
    faults.forEach(
        (fault, count) ->
            sample(
                out,
                "pannier_webhook_errors_total{reason=\"" + fault.label() + "\"}",
                count.sum()));
    duration(out);
    head(
        out,
        "pannier_webhook_certificate_expiry_time_seconds",
        "gauge",
        "When the certificate ends that it serves with, since 1970.");
    sample(
        out, "pannier_webhook_certificate_expiry_time_seconds", certificateUntil.getEpochSecond());
    return out.toString();
  }

  private void duration(StringBuilder out) {
    String name = "pannier_webhook_review_duration_seconds";
    head(out, name, "histogram", "From a review's last byte to its answer.");
    long sum = 0;
    for (int i = 0; i < buckets.length(); i++) {
      sum += buckets.get(i);
      String end = i < BUCKETS_SECONDS.length ? String.valueOf(BUCKETS_SECONDS[i]) : "+Inf";
      sample(out, name + "_bucket{le=\"" + end + "\"}", sum);
    }
    double seconds = (double) nanos.sum() / TimeUnit.SECONDS.toNanos(1);
    out.append(name).append("_sum ").append(seconds).append('\n');
    sample(out, name + "_count", sum);
  }

  private static void head(StringBuilder out, String name, String type, String help) {
    out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private static void sample(StringBuilder out, String name, long value) {
    out.append(name).append(' ').append(value).append('\n');
  }
}

package dev.pannier.collector.dispatch;

import dev.pannier.collector.dispatch.ShipperStatus.State;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/// How a shipper's destination has answered lately. Written by the dispatcher's thread, read by any.
final class Destination {
  /// A destination that fails is no longer "ready" after this: a single refused attempt (a broker
  /// that restarts, a server that asks to wait) is no reason to.
  static final long READY_FOR_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long NOT_FAILING = Long.MIN_VALUE;

  private final Logger log;
  private final String shipper;
  private final MergedWarning failures;
  private volatile State state = State.CONNECTING;
  private volatile long failingSinceNanos = NOT_FAILING;
  private volatile String lastError = "";

  Destination(Logger log, String shipper) {
    this.log = log;
    this.shipper = shipper;
    this.failures = new MergedWarning(log, shipper, "attempts failed and are made again");
  }

  boolean isConnected() {
    return state != State.CONNECTING;
  }

  void succeeded(long nowNanos) {
    if (!isConnected()) {
      log.info("shipper {}: the destination answers", shipper);
    } else if (failingNanos(nowNanos) >= READY_FOR_NANOS) {
      log.info("shipper {}: works again after {} s", shipper, failingSeconds(nowNanos));
    }
    state = State.SHIPPING;
    failingSinceNanos = NOT_FAILING;
  }

  /// An attempt failed, and is made again.
  void failed(long nowNanos, String reason) {
    lastError = reason;
    if (isConnected()) {
      state = State.RETRYING;
    }
    if (failingSinceNanos == NOT_FAILING) {
      failingSinceNanos = nowNanos;
    }
    failures.add(nowNanos, 1, reason);
  }

  /// Records were refused for good: the destination itself is well.
  void refused(String reason) {
    lastError = reason;
  }

  void closed(long nowNanos) {
    // At the end, what it has got over since is no news.
    if (failingSinceNanos != NOT_FAILING) {
      failures.flush(nowNanos);
    }
    state = State.CLOSED;
  }

  void tick(long nowNanos) {
    failures.tick(nowNanos);
  }

  State state() {
    return state;
  }

  /// Empty if there was none.
  String lastError() {
    return lastError;
  }

  long failingSeconds(long nowNanos) {
    return TimeUnit.NANOSECONDS.toSeconds(failingNanos(nowNanos));
  }

  /// What keeps the destination from being ready, in one line; null if nothing does.
  @Nullable String trouble(long nowNanos) {
    String error = lastError;
    return switch (state) {
      case CONNECTING ->
          "shipper "
              + shipper
              + " has not reached its destination yet: "
              + (error.isEmpty() ? "its first attempt is under way" : error);
      case SHIPPING -> null;
      case RETRYING ->
          failingNanos(nowNanos) < READY_FOR_NANOS
              ? null
              : "shipper " + shipper + " fails: " + error;
      case CLOSED -> "shipper " + shipper + " is closed";
    };
  }

  private long failingNanos(long nowNanos) {
    long since = failingSinceNanos;
    return since == NOT_FAILING ? 0 : Math.max(0, nowNanos - since);
  }
}

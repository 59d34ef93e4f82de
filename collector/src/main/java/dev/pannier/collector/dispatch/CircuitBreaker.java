package dev.pannier.collector.dispatch;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether a destination is worth trying.
///
/// ```
///            openAfter failures in a row              halfOpenAfter has passed
///   CLOSED ──────────────────────────────▸ OPEN ─────────────────────────────▸ HALF_OPEN
///     ▴                                      ▴                                     │ one batch is tried
///     └───────── it is taken ────────────────│─────────────────────────────────────┤
///                                            └──────────── it fails ───────────────┘
/// ```
///
/// What fails together, since it was in flight together, is one failure. A record that is refused is
/// none: the destination has answered. One thread changes it, any may look at it.
public final class CircuitBreaker {
  private static final Logger LOG = LoggerFactory.getLogger(CircuitBreaker.class);

  public enum State {
    CLOSED("closed"),
    OPEN("open"),
    HALF_OPEN("half_open");

    private final String label;

    State(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }

  private final String shipper;
  private final int openAfter;
  private final long halfOpenAfterNanos;
  private int failures;
  private long openedNanos;
  private volatile State state = State.CLOSED;
  private final AtomicLong openings = new AtomicLong();
  private volatile String reason = "";

  /// @param openAfter          failures in a row, at least 1
  /// @param halfOpenAfterNanos how long it is open before a batch is tried
  public CircuitBreaker(String shipper, int openAfter, long halfOpenAfterNanos) {
    if (openAfter < 1) {
      throw new IllegalArgumentException("openAfter < 1: " + openAfter);
    }
    this.shipper = shipper;
    this.openAfter = openAfter;
    this.halfOpenAfterNanos = halfOpenAfterNanos;
  }

  /// One that never opens.
  static CircuitBreaker none(String shipper) {
    return new CircuitBreaker(shipper, Integer.MAX_VALUE, 0);
  }

  /// An attempt has failed, or several that were under way together.
  void failed(long nowNanos, String why) {
    failures = Math.min(failures, Integer.MAX_VALUE - 1) + 1;
    if (state == State.CLOSED && failures < openAfter) {
      return;
    }
    reason = why;
    openedNanos = nowNanos;
    if (state == State.CLOSED) {
      openings.incrementAndGet();
      LOG.warn(
          "shipper {}: its circuit is open after {} failures, one batch is tried every {} s: {}",
          shipper,
          failures,
          TimeUnit.NANOSECONDS.toSeconds(halfOpenAfterNanos),
          why);
    }
    state = State.OPEN;
  }

  /// The destination has answered.
  void succeeded() {
    failures = 0;
    if (state != State.CLOSED) {
      state = State.CLOSED;
      reason = "";
      LOG.info("shipper {}: its circuit is closed again", shipper);
    }
  }

  /// The time has come to try one batch.
  void halfOpen() {
    if (state == State.OPEN) {
      state = State.HALF_OPEN;
    }
  }

  /// When an open one may be tried.
  long triedAtNanos() {
    return openedNanos + halfOpenAfterNanos;
  }

  State state() {
    return state;
  }

  /// How often it has opened.
  long openings() {
    return openings.get();
  }

  /// What the last failure was; empty while it is closed.
  String reason() {
    return reason;
  }
}

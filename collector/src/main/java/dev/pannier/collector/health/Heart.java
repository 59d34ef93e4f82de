package dev.pannier.collector.health;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One loop's sign of life. The loop beats each time round; a beat costs an ordinary store.
public final class Heart {
  /// A loop comes round this often, also with nothing to do, unless something holds it up: a disk, a destination's client, a small
  /// share of a CPU.
  static final long USUAL_NANOS = TimeUnit.SECONDS.toNanos(20);

  /// What holds a loop up mostly goes away by itself, and would meet the next process just the same. So this is longer than
  /// clients' timeouts, and than a disk hangs that comes back.
  static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final String name;
  private volatile long beatNanos;
  private volatile boolean stopped;
  private volatile @Nullable String failure;

  Heart(String name, long nowNanos) {
    this.name = name;
    this.beatNanos = nowNanos;
  }

  public void beat(long nowNanos) {
    beatNanos = nowNanos;
  }

  /// The loop has ended by an error and will not come back.
  public void failed(String why) {
    failure = why;
  }

  /// The loop has ended as it should.
  public void stopped() {
    stopped = true;
  }

  boolean isOver(String ofName) {
    return stopped && failure == null && name.equals(ofName);
  }

  /// Why the loop counts as dead, in one line; null while it lives or has ended as it should.
  @Nullable String dead(long nowNanos) {
    return problem(nowNanos, LONGEST_NANOS);
  }

  /// Why the loop counts as dead or held up, in one line; null while it comes round as it should, or has ended so.
  @Nullable String heldUp(long nowNanos) {
    return problem(nowNanos, USUAL_NANOS);
  }

  private @Nullable String problem(long nowNanos, long longestNanos) {
    String why = failure;
    if (why != null) {
      return name + ": " + why;
    }
    long silent = nowNanos - beatNanos;
    if (stopped || silent <= longestNanos) {
      return null;
    }
    return name + ": no sign of life for " + TimeUnit.NANOSECONDS.toSeconds(silent) + " s";
  }
}

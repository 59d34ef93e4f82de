package dev.pannier.collector.health;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One loop's sign of life. The loop beats each time round; a beat costs two ordinary stores.
public final class Heart {
  /// A loop that does not block comes round at least this often.
  public static final long USUAL_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final String name;
  private volatile long dueNanos;
  private volatile boolean stopped;
  private volatile @Nullable String failure;

  Heart(String name, long nowNanos) {
    this.name = name;
    this.dueNanos = nowNanos + USUAL_NANOS;
  }

  public void beat(long nowNanos) {
    beat(nowNanos, USUAL_NANOS);
  }

  /// A beat before a call that may block.
  ///
  /// @param nextWithinNanos when the loop counts as dead if it has not beaten again
  public void beat(long nowNanos, long nextWithinNanos) {
    dueNanos = nowNanos + nextWithinNanos;
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
  @Nullable String problem(long nowNanos) {
    String why = failure;
    if (why != null) {
      return name + ": " + why;
    }
    long late = nowNanos - dueNanos;
    if (stopped || late <= 0) {
      return null;
    }
    return name + ": no sign of life for " + TimeUnit.NANOSECONDS.toSeconds(late) + " s too long";
  }
}

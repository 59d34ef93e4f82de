package dev.pannier.collector.dispatch;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/// One kind of trouble in the log: the first is told at once, those of the next minute in one line
/// with their count. One thread.
final class MergedWarning {
  static final long EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Logger log;
  private final String shipper;
  private final String what;
  private boolean open;
  private long toldNanos;
  private long untold;
  private String lastReason = "";

  /// @param what what is counted, as in `shipper events: 3 records refused for good: …`
  MergedWarning(Logger log, String shipper, String what) {
    this.log = log;
    this.shipper = shipper;
    this.what = what;
  }

  void add(long nowNanos, long count, String reason) {
    untold += count;
    lastReason = reason;
    if (!open) {
      open = true;
      tell(nowNanos);
    } else {
      tick(nowNanos);
    }
  }

  /// Tells what has gathered, if it is time.
  void tick(long nowNanos) {
    if (open && nowNanos - toldNanos >= EVERY_NANOS) {
      if (untold == 0) {
        open = false;
      } else {
        tell(nowNanos);
      }
    }
  }

  /// Tells what has gathered now, before silence.
  void flush(long nowNanos) {
    if (untold > 0) {
      tell(nowNanos);
    }
    open = false;
  }

  private void tell(long nowNanos) {
    log.warn("shipper {}: {} {}: {}", shipper, untold, what, lastReason);
    toldNanos = nowNanos;
    untold = 0;
  }
}

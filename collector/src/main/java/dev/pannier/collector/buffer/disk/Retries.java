package dev.pannier.collector.buffer.disk;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How often a start asks the disk again for what it does not give. An error may be over a moment later, and what the start passes over comes
/// no more; but whoever starts it does not wait for ever.
///
/// One thread.
final class Retries {
  private static final Logger LOG = LoggerFactory.getLogger(Retries.class);

  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LongConsumer pause;
  private int left = 10;

  /// @param pause waits for so many nanoseconds
  Retries(LongConsumer pause) {
    this.pause = pause;
  }

  /// Waits for a moment.
  ///
  /// @return false where it is to be given up
  boolean again(IOException why) {
    if (left == 0) {
      return false;
    }
    left--;
    LOG.debug("tried again in a second", why);
    pause.accept(PAUSE_NANOS);
    return true;
  }
}

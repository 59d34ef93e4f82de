package dev.pannier.collector.dispatch;

import dev.pannier.collector.health.Health;
import dev.pannier.collector.health.Heart;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The thread of one [Dispatcher], `pannier-ship-` and the shipper's name.
public final class DispatcherThread {
  private static final Logger LOG = LoggerFactory.getLogger(DispatcherThread.class);

  /// Comes round at least this often, to show that it lives.
  private static final long LONGEST_PARK_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Dispatcher dispatcher;
  private final LongSupplier nanoClock;
  private final Heart heart;
  private final Health health;
  private final Supplier<@Nullable String> condition;
  private final Thread thread;
  private final CountDownLatch drained = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Duration closeTimeout = Duration.ZERO;
  private volatile boolean closing;
  private volatile boolean handsOver;
  private volatile @Nullable Unfinished left;
  private volatile long undelivered;

  public DispatcherThread(Dispatcher dispatcher, LongSupplier nanoClock, Health health) {
    this.dispatcher = dispatcher;
    this.nanoClock = nanoClock;
    this.thread = new Thread(this::run, "pannier-ship-" + dispatcher.name());
    this.heart = health.register(thread.getName());
    this.health = health;
    this.condition = () -> dispatcher.trouble(nanoClock.getAsLong());
    health.condition(condition);
    dispatcher.onWork(() -> LockSupport.unpark(thread));
  }

  public void start() {
    thread.start();
  }

  /// Asks to ship what the buffer holds, without waiting for it; for several shippers, ask all and
  /// then wait for each. Nothing is to be appended any more.
  public void drain() {
    dispatcher.drain();
  }

  /// Waits until nothing is left after [#drain].
  ///
  /// @return whether nothing is left
  public boolean awaitDrained(Duration timeout) throws InterruptedException {
    return drained.await(timeout.toNanos(), TimeUnit.NANOSECONDS) && dispatcher.drained();
  }

  /// Whether nothing is left after [#drain], or the thread has ended.
  public boolean hasDrained() {
    return drained.getCount() == 0;
  }

  /// Asks the thread to close the shipper and to end, without waiting for it; for several shippers,
  /// ask all and then wait for each.
  ///
  /// @param timeout for what the shipper has in flight
  public void close(Duration timeout) {
    closeTimeout = timeout;
    closing = true;
    LockSupport.unpark(thread);
  }

  /// Waits until the thread has ended after [#close].
  ///
  /// @return the records that were not delivered; they have been logged
  public long awaitClosed(Duration timeout) throws InterruptedException {
    if (!ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      undelivered = dispatcher.status(nanoClock.getAsLong()).openRecords();
      LOG.warn(
          "shipper {}: its client does not return; {} records were not confirmed",
          dispatcher.name(),
          undelivered);
    } else if (left != null) {
      undelivered = dispatcher.status(nanoClock.getAsLong()).openRecords();
      if (undelivered > 0) {
        LOG.warn(
            "shipper {}: {} records were given up, and nobody has begun with them before the end",
            dispatcher.name(),
            undelivered);
      }
    }
    return undelivered;
  }

  /// Asks the thread to give up what is not done and to end, without waiting for it. That its shipper is closed then is
  /// no reason not to be ready.
  ///
  /// @param timeout for what the shipper has in flight
  public void handOver(Duration timeout) {
    handsOver = true;
    health.forget(condition);
    close(timeout);
  }

  /// Whether the thread has ended; then [#left] is known.
  public boolean hasEnded() {
    return ended.getCount() == 0;
  }

  /// What was not done at the end, after [#handOver] and [#hasEnded]; null where the loop ended by an
  /// error, and nothing is known.
  public @Nullable Unfinished left() {
    return left;
  }

  /// Health needs to know nothing of it any more.
  public void forget() {
    health.forget(heart, condition);
  }

  private void run() {
    try {
      for (long wait = turn(); wait >= 0; wait = turn()) {
        if (wait > 0) {
          LockSupport.parkNanos(this, Math.min(LONGEST_PARK_NANOS, wait));
        }
      }
    } catch (Throwable e) {
      // Whatever it is, health has to show that this shipper ships no more.
      heart.failed("ended by " + e);
      LOG.error("shipper {}: its loop has ended", dispatcher.name(), e);
      end();
    }
  }

  /// One turn of the loop. The thread takes them by itself; who has not started it may take them instead.
  ///
  /// @return for how many nanoseconds there is nothing to do, unless it is woken; negative where it has ended
  public long turn() {
    if (closing) {
      finish();
      return -1;
    }
    long nowNanos = nanoClock.getAsLong();
    heart.beat(nowNanos);
    int work = dispatcher.doWork(nowNanos);
    if (dispatcher.drained()) {
      drained.countDown();
    }
    return work == 0 ? dispatcher.waitNanos(nowNanos) : 0;
  }

  private void finish() {
    if (handsOver) {
      left = dispatcher.handOver(nanoClock.getAsLong(), closeTimeout);
    } else {
      undelivered = dispatcher.close(nanoClock.getAsLong(), closeTimeout);
    }
    heart.stopped();
    end();
  }

  private void end() {
    drained.countDown();
    ended.countDown();
  }
}

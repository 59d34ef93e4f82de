package dev.pannier.collector.buffer;

import dev.pannier.collector.health.Health;
import dev.pannier.collector.health.Heart;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The thread `pannier-buffer`: syncs what was appended to a [DiskBuffer]. It is never interrupted:
/// that would close the files.
public final class DiskBufferThread {
  private static final Logger LOG = LoggerFactory.getLogger(DiskBufferThread.class);
  private static final long LONGEST_PARK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final DiskBuffer buffer;
  private final LongSupplier nanoClock;
  private final Heart heart;
  private final Thread thread = new Thread(this::run, "pannier-buffer");
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean closing;

  public DiskBufferThread(DiskBuffer buffer, LongSupplier nanoClock, Health health) {
    this.buffer = buffer;
    this.nanoClock = nanoClock;
    heart = health.register(thread.getName());
    health.condition(buffer::problem);
    health.condition(buffer::readProblem);
    buffer.onWork(() -> LockSupport.unpark(thread));
  }

  public void start() {
    thread.start();
  }

  /// Syncs what is left, stores the shippers' places and gives the directory back.
  ///
  /// @return whether it ended within the time
  public boolean close(long timeoutNanos) throws InterruptedException {
    closing = true;
    LockSupport.unpark(thread);
    return ended.await(timeoutNanos, TimeUnit.NANOSECONDS);
  }

  private void run() {
    try {
      while (!closing) {
        long nowNanos = nanoClock.getAsLong();
        heart.beat(nowNanos);
        if (buffer.doWork(nowNanos) == 0) {
          LockSupport.parkNanos(this, Math.min(LONGEST_PARK_NANOS, buffer.waitNanos(nowNanos)));
        }
      }
      buffer.close();
      heart.stopped();
    } catch (Throwable e) {
      // Whatever it is, health has to show that nothing becomes durable any more.
      heart.failed("ended by " + e);
      LOG.error("the disk buffer's loop has ended", e);
    } finally {
      ended.countDown();
    }
  }
}

package dev.pannier.collector;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/// The end of the process: asked for once, it has until the deadline; asked for twice, it is now.
final class Shutdown {
  private static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /// The last part of the deadline is for closing clients and storing positions.
  private static final int CLOSING_PART = 8;

  /// What does not hang closes within that, and tells what it has not shipped.
  private static final long AT_ONCE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final LongSupplier nanoClock;
  private volatile long deadlineNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int asked;
  private long askedAtNanos;
  private boolean woken;

  Shutdown(Duration deadline, LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.deadlineNanos = deadline.toNanos();
  }

  /// A signal has come. Any thread.
  void ask() {
    lock.lock();
    try {
      if (asked == 0) {
        askedAtNanos = nanoClock.getAsLong();
      }
      asked++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Another deadline from now on.
  void deadline(Duration deadline) {
    deadlineNanos = deadline.toNanos();
  }

  /// Ends the [#await] that is under way, else the next one. Any thread.
  void wake() {
    lock.lock();
    try {
      woken = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits for the first signal, or for [#wake].
  ///
  /// @return whether it has come
  boolean await(Duration time) throws InterruptedException {
    lock.lock();
    try {
      long left = time.toNanos();
      while (asked == 0 && !woken && left > 0) {
        left = changed.awaitNanos(left);
      }
      woken = false;
      return asked > 0;
    } finally {
      lock.unlock();
    }
  }

  /// Waits for a condition, as long as there is time.
  void waitUntil(BooleanSupplier condition) throws InterruptedException {
    lock.lock();
    try {
      while (!condition.getAsBoolean() && left().isPositive()) {
        changed.awaitNanos(CHECK_NANOS);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Whether three quarters of the deadline have passed: what sources go on to bring by then is left for the next start, so that all that was
  /// taken can be shipped, and is not shipped again.
  boolean draining() {
    lock.lock();
    try {
      return asked > 1 || nanoClock.getAsLong() - askedAtNanos >= deadlineNanos / 4 * 3;
    } finally {
      lock.unlock();
    }
  }

  /// Waits for one of the last steps; after the second signal no longer than for what does not hang.
  void waitForClosing(Duration time, BooleanSupplier condition) throws InterruptedException {
    lock.lock();
    try {
      long beganNanos = nanoClock.getAsLong();
      boolean hurried = asked > 1;
      long left = time.toNanos();
      while (!condition.getAsBoolean() && left > 0) {
        changed.awaitNanos(Math.min(CHECK_NANOS, left));
        if (asked > 1 && !hurried) {
          hurried = true;
          beganNanos = nanoClock.getAsLong();
        }
        long most = hurried ? Math.min(time.toNanos(), AT_ONCE_NANOS) : time.toNanos();
        left = most - (nanoClock.getAsLong() - beganNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /// What is left for draining; zero after the second signal.
  Duration left() {
    lock.lock();
    try {
      if (asked > 1) {
        return Duration.ZERO;
      }
      long passed = nanoClock.getAsLong() - askedAtNanos;
      return Duration.ofNanos(Math.max(0, deadlineNanos - deadlineNanos / CLOSING_PART - passed));
    } finally {
      lock.unlock();
    }
  }

  /// What each of the last steps may take.
  Duration closing() {
    lock.lock();
    try {
      long part = deadlineNanos / CLOSING_PART / 3;
      return Duration.ofNanos(asked > 1 ? Math.min(AT_ONCE_NANOS, part) : part);
    } finally {
      lock.unlock();
    }
  }
}

package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Where the system tells of no changes: it sleeps no longer than [#INTERVAL_NANOS] and lets the
/// caller look each time.
final class Polling implements ChangeWatch {
  static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(8);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition woken = lock.newCondition();
  private boolean wake;

  @Override
  public boolean watch(Path directory) {
    return false;
  }

  @Override
  public void retain(Set<Path> directories) {
    // None is watched.
  }

  @Override
  public int await(long timeoutNanos) {
    long left = Math.min(timeoutNanos, INTERVAL_NANOS);
    lock.lock();
    try {
      while (!wake && left > 0) {
        left = woken.awaitNanos(left);
      }
      int result = wake ? WOKEN | MODIFIED : MODIFIED;
      wake = false;
      return result;
    } catch (InterruptedException e) {
      // Nobody interrupts a tailer (it would close the file that is being read), so this is
      // somebody else's code; what it wanted is that the sleep ends.
      Thread.currentThread().interrupt();
      return WOKEN;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<Move> takeMoves() {
    return List.of();
  }

  @Override
  public void wake() {
    lock.lock();
    try {
      wake = true;
      woken.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    wake();
  }
}

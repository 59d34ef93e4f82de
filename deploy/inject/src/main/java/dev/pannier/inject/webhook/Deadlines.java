package dev.pannier.inject.webhook;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/// Runs each exchange on a virtual thread of its own, and ends those that take too long, whatever they wait for: the handshake, the
/// request, or that the answer is read. Interrupting a thread that waits for a channel closes the channel, and does not wait
/// for anything, as closing a TLS connection may. How many there are is bounded by the connections.
final class Deadlines implements Executor {
  private record Running(Thread thread, long startedNanos) {}

  private final long limitNanos;
  private final LongSupplier nanoClock;
  private final Set<Running> running = ConcurrentHashMap.newKeySet();

  Deadlines(long limitNanos, LongSupplier nanoClock) {
    this.limitNanos = limitNanos;
    this.nanoClock = nanoClock;
  }

  @Override
  public void execute(Runnable exchange) {
    Thread.ofVirtual()
        .name("webhook-exchange")
        .start(
            () -> {
              Running own = new Running(Thread.currentThread(), nanoClock.getAsLong());
              running.add(own);
              try {
                exchange.run();
              } finally {
                running.remove(own);
              }
            });
  }

  /// @return how many were ended
  int doWork(long nowNanos) {
    int ended = 0;
    for (Running each : running) {
      if (nowNanos - each.startedNanos > limitNanos) {
        each.thread.interrupt();
        ended++;
      }
    }
    return ended;
  }
}

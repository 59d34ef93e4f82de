package dev.pannier.shippers.kafka;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends what lingers in the producer, when nothing more is at hand. The producer's call for that
/// waits until all is confirmed, so that a thread of its own makes it; what is sent meanwhile does not
/// linger, either. Thread-safe.
final class Flusher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Flusher.class);

  private final Supplier<@Nullable Producer<byte[], byte[]>> producer;
  private final Thread thread;
  private volatile boolean asked;
  private volatile boolean closed;

  /// @param producer null for none at the moment
  Flusher(String shipper, Supplier<@Nullable Producer<byte[], byte[]>> producer) {
    this.producer = producer;
    this.thread = new Thread(this::run, "pannier-ship-" + shipper + "-flush");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /// Returns at once.
  void flush() {
    asked = true;
    LockSupport.unpark(thread);
  }

  private void run() {
    while (!closed) {
      if (!asked) {
        LockSupport.park(this);
        continue;
      }
      asked = false;
      Producer<byte[], byte[]> current = producer.get();
      if (current != null) {
        flush(current);
      }
    }
  }

  private static void flush(Producer<byte[], byte[]> producer) {
    try {
      producer.flush();
    } catch (RuntimeException e) {
      // It was closed meanwhile; what becomes of its messages is told to their callbacks.
      LOG.debug("not flushed", e);
    }
  }

  /// A call that waits returns when the producer is closed.
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}

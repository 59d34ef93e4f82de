package dev.pannier.collector.dispatch;

import dev.pannier.collector.buffer.Cursor;
import dev.pannier.collector.buffer.Entry;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Signal;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// The way from a shipper whose circuit is open to another, which gets nothing else. It has a
/// [Dispatcher] of its own over [#cursor()]: a thread, retries, a row in the ledger.
///
/// **A batch goes to one of both.** Until the fallback is done with it, it stays open for the
/// shipper that handed it over, so no position passes it; and once handed over, it is never taken back,
/// also if the circuit closes meanwhile or the fallback fails. What the first destination may have
/// stored is not handed over: a batch that was sent and not surely turned away ([Shipment#isUntouched])
/// waits for that destination, and so does what the circuit is tried with.
///
/// **Order.** Each destination gets the records of a file in their order; which of them went where
/// is a matter of when. Together they hold each once, but for what at least once means: after a crash what
/// was not confirmed goes again, perhaps to the other, and has the same `log.record.uid`. While a
/// batch waits for the first destination, so does its file's position: a restart then repeats what
/// of that file the fallback got behind it.
public final class Fallback {
  /// What the fallback was done with.
  ///
  /// @param rejected refused by the fallback for good
  record Done(Entry entry, long rejected, String reason) {}

  private final String name;
  private final MemoryBuffer buffer;
  private final Cursor cursor;
  private final int most;
  private final Queue<Done> done = new ConcurrentLinkedQueue<>();

  /// What was handed over and is not done, by its number.
  private final TreeMap<Long, Entry> open = new TreeMap<>();

  /// @param name    the shipper that is the fallback
  /// @param signals that it takes
  /// @param most    batches that are handed over and not done
  public Fallback(
      String name,
      Set<Signal> signals,
      MemoryBudget budget,
      Ledger ledger,
      Metrics metrics,
      int most) {
    this.name = name;
    this.buffer = new MemoryBuffer(budget, ledger, metrics, Map.of(name, signals));
    this.cursor = buffer.cursor(name);
    this.most = most;
  }

  public String name() {
    return name;
  }

  /// Where its dispatcher takes batches from.
  public Cursor cursor() {
    return cursor;
  }

  boolean hasRoom() {
    return open.size() < most;
  }

  /// Hands over. The memory is the first buffer's, until it is told.
  void take(Entry entry, Runnable onDone) {
    open.put(entry.sequence(), entry);
    buffer.append(
        entry.batch(),
        0,
        (rejected, reason) -> {
          done.add(new Done(entry, rejected, reason));
          onDone.run();
        });
  }

  /// The next that is done; null if there is none.
  @Nullable Done poll() {
    Done next = done.poll();
    if (next != null) {
      open.remove(next.entry().sequence());
    }
    return next;
  }

  boolean isEmpty() {
    return open.isEmpty();
  }

  /// The fallback's dispatcher has ended: what it was not done with is the first shipper's again.
  public void ended(Unfinished left) {
    buffer.giveBack(left.leaving());
  }

  /// Takes back what is not done, in its order, after [#ended].
  List<Entry> takeAll() {
    List<Entry> all = List.copyOf(open.values());
    open.clear();
    return all;
  }
}

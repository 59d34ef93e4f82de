package dev.pannier.collector.receipt;

import dev.pannier.collector.checkpoint.DurableDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Keeps `receipt.json` of a state directory up to date: replaced whole, at most once a second, and only
/// where it has changed, as [DurableDirectory#replace] does it; and the termination message with it. Nothing is read back
/// from it: where to go on is what `positions` says.
///
/// One thread, but for [#last] and [#terminationLog].
public final class ReceiptStore {
  public static final String NAME = "receipt.json";
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Path directory;
  private final Consumer<String> notice;
  private final TerminationMessage message;
  private volatile @Nullable Receipt last;
  private @Nullable Receipt stored;
  private long nextNanos = Long.MIN_VALUE;
  private boolean failing;

  /// @param notice takes a line where it cannot be written, and one when it can again
  public ReceiptStore(Path directory, Consumer<String> notice) {
    this.directory = directory;
    this.notice = notice;
    message = new TerminationMessage(notice);
  }

  /// Where the short form goes from the next [#update] on; null for nowhere. Any thread.
  public void terminationLog(@Nullable Path path) {
    message.at(path);
  }

  /// The newest that was given to [#update] or [#finish]; null if none was. Any thread.
  public @Nullable Receipt last() {
    return last;
  }

  /// Whether [#update] would look at a receipt now.
  public boolean isDue(long nowNanos) {
    return nowNanos >= nextNanos;
  }

  public void update(Receipt receipt, long nowNanos) {
    last = receipt;
    nextNanos = nowNanos + PAUSE_NANOS;
    boolean changed = !receipt.equals(stored);
    if (changed || message.hasMoved()) {
      message.tell(receipt);
    }
    if (changed) {
      store(receipt);
    }
  }

  /// The last word, whenever the one before was stored.
  public void finish(Receipt receipt) {
    last = receipt;
    message.tell(receipt);
    store(receipt);
  }

  private void store(Receipt receipt) {
    try {
      DurableDirectory.replace(directory, NAME, receipt.json());
      stored = receipt;
      if (failing) {
        failing = false;
        notice.accept("the receipt can be stored again");
      }
    } catch (IOException e) {
      if (!failing) {
        failing = true;
        notice.accept("the receipt cannot be stored in " + directory + " (" + e.getMessage() + ")");
      }
    }
  }
}

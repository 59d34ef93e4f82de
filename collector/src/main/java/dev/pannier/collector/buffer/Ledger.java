package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Batch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What became of every record since the process started, a source and a shipper: `read = shipped +
/// filtered + rejected + dropped + in flight`. Each change is one call, and a snapshot is one
/// instant, so that it closes whenever it is taken. Records of a signal that a shipper does not
/// take are not in that shipper's rows. Thread-safe; the lock is taken once a batch.
public final class Ledger {
  /// All in records.
  ///
  /// @param read came from the source, of a signal that the shipper takes
  /// @param shipped confirmed by the destination
  /// @param filtered dropped by a processor
  /// @param rejected refused by the destination for good
  /// @param dropped given up by the buffer, which was full or damaged
  /// @param inFlight waiting for the shipper, or for the destination's answer
  public record Row(
      String source,
      String shipper,
      long read,
      long shipped,
      long filtered,
      long rejected,
      long dropped,
      long inFlight) {}

  private record Pair(String source, String shipper) {}

  private static final class Account {
    private long read;
    private long shipped;
    private long filtered;
    private long rejected;
    private long dropped;
    private long inFlight;
  }

  private final Map<Pair, Account> accounts = new LinkedHashMap<>();

  synchronized void appended(Batch batch, List<? extends Cursor> shippers) {
    for (Cursor shipper : shippers) {
      Account account = account(batch.source(), shipper.shipper());
      account.read += batch.records();
      account.inFlight += batch.records();
    }
  }

  synchronized void filtered(String source, List<? extends Cursor> shippers, long records) {
    for (Cursor shipper : shippers) {
      Account account = account(source, shipper.shipper());
      account.read += records;
      account.filtered += records;
    }
  }

  synchronized void done(Batch batch, String shipper, long rejected) {
    Account account = account(batch.source(), shipper);
    account.inFlight -= batch.records();
    account.shipped += batch.records() - rejected;
    account.rejected += rejected;
  }

  /// The buffer has given up what it held for a shipper.
  synchronized void dropped(String source, String shipper, long records) {
    Account account = account(source, shipper);
    account.inFlight -= records;
    account.dropped += records;
  }

  /// Every source and shipper that had a record, in the order of their first.
  public synchronized List<Row> snapshot() {
    List<Row> rows = new ArrayList<>(accounts.size());
    for (Map.Entry<Pair, Account> entry : accounts.entrySet()) {
      Account account = entry.getValue();
      rows.add(
          new Row(
              entry.getKey().source(),
              entry.getKey().shipper(),
              account.read,
              account.shipped,
              account.filtered,
              account.rejected,
              account.dropped,
              account.inFlight));
    }
    return rows;
  }

  private Account account(String source, String shipper) {
    return accounts.computeIfAbsent(new Pair(source, shipper), pair -> new Account());
  }
}

package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Batch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What became of everything since the process started, a source and a shipper, in records and in
/// bytes: `read = shipped + filtered + rejected + dead_lettered + fallback + dropped + in flight`.
/// Each change is one call, and a snapshot is one instant, so that both close whenever it is taken.
/// Records of a signal that a shipper does not take are not in that shipper's rows. Thread-safe; the
/// lock is taken once a batch.
///
/// **Bytes** are the source's ([Batch#sourceBytes()]): those of the log file, or of the request's body
/// after decompression, never those of an encoding, which each shipper has its own of. A batch keeps
/// them whatever it becomes: a processor that adds or cuts, a split or a retry change nothing of
/// them. Where its records fare differently, each has the same share: of a batch of `n` records, `k`
/// have `⌊bytes · k / n⌋` and the rest has what is left, so that no byte is lost in rounding. What
/// single records took is not kept, since it would cost a number a record for a case that is rare. Bytes
/// that hold no record (empty lines, what `max_record` drops, the hole that a file begins with) are in
/// no row, nor are records that were refused at the door.
public final class Ledger {
  /// All in records, or all in bytes.
  ///
  /// @param read         came from the source, of a signal that the shipper takes, but for what was handed over to others
  /// @param shipped      confirmed by the destination
  /// @param filtered     dropped by a processor
  /// @param rejected     refused by the destination for good, and gone
  /// @param deadLettered refused by the destination for good, and kept as dead letters
  /// @param fellBack     went to the shipper's fallback
  /// @param dropped      given up by the buffer, which was full or damaged, or left by a shipper that was removed
  /// @param inFlight     waiting for the shipper, or for an answer
  public record Amounts(
      long read,
      long shipped,
      long filtered,
      long rejected,
      long deadLettered,
      long fellBack,
      long dropped,
      long inFlight) {
    /// Whether everything that was read is accounted for.
    public boolean closes() {
      return read == shipped + filtered + rejected + deadLettered + fellBack + dropped + inFlight;
    }
  }

  public record Row(String source, String shipper, Amounts records, Amounts bytes) {}

  private record Pair(String source, String shipper) {
    // Written out: the JVM would make classes for it at each start.
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Pair pair
          && source.equals(pair.source)
          && shipper.equals(pair.shipper);
    }

    @Override
    public int hashCode() {
      return 31 * source.hashCode() + shipper.hashCode();
    }
  }

  /// The amounts under way.
  private static final class Account {
    private long read;
    private long shipped;
    private long filtered;
    private long rejected;
    private long deadLettered;
    private long fellBack;
    private long dropped;
    private long inFlight;
    private long handedOver;

    private void appended(long amount) {
      read += amount;
      inFlight += amount;
    }

    private void filtered(long amount) {
      read += amount;
      filtered += amount;
    }

    private void done(long amount, long lost, long kept, boolean elsewhere) {
      inFlight -= amount;
      rejected += lost;
      deadLettered += kept;
      long rest = amount - lost - kept;
      if (elsewhere) {
        fellBack += rest;
      } else {
        shipped += rest;
      }
    }

    private void dropped(long amount) {
      inFlight -= amount;
      dropped += amount;
    }

    private void handedOver(long amount) {
      read -= amount;
      inFlight -= amount;
      handedOver += amount;
    }

    private Amounts amounts() {
      return new Amounts(
          read, shipped, filtered, rejected, deadLettered, fellBack, dropped, inFlight);
    }
  }

  private static final class Accounts {
    private final Account records = new Account();
    private final Account bytes = new Account();
  }

  private final Map<Pair, Accounts> accounts = new LinkedHashMap<>();
  private final Drops drops = new Drops();

  synchronized void appended(Batch batch, List<? extends Cursor> shippers) {
    for (Cursor shipper : shippers) {
      Accounts account = account(batch.source(), shipper.shipper());
      account.records.appended(batch.records());
      account.bytes.appended(batch.sourceBytes());
    }
  }

  /// What the log held before a shipper was added.
  synchronized void appended(String source, String shipper, long records, long bytes) {
    Accounts account = account(source, shipper);
    account.records.appended(records);
    account.bytes.appended(bytes);
  }

  synchronized void filtered(
      String source, List<? extends Cursor> shippers, long records, long bytes) {
    for (Cursor shipper : shippers) {
      Accounts account = account(source, shipper.shipper());
      account.records.filtered(records);
      account.bytes.filtered(bytes);
    }
  }

  synchronized void done(Batch batch, String shipper, Settlement settlement) {
    Accounts account = account(batch.source(), shipper);
    boolean elsewhere = settlement.fellBack();
    // What the fallback refused is in its own row.
    long rejected = elsewhere ? 0 : settlement.rejected();
    long kept = elsewhere ? 0 : settlement.deadLettered();
    account.records.done(batch.records(), rejected, kept, elsewhere);
    long bytes = batch.sourceBytes();
    long lostBytes = share(bytes, rejected, batch.records());
    long keptBytes = share(bytes, rejected + kept, batch.records()) - lostBytes;
    account.bytes.done(bytes, lostBytes, keptBytes, elsewhere);
  }

  /// What some of a batch's records have of its bytes.
  ///
  /// @param records some of `all`
  public static long share(long bytes, long records, long all) {
    return records == 0 ? 0 : records == all ? bytes : bytes * records / all;
  }

  /// The buffer has given up what it held for a shipper.
  synchronized void dropped(String source, String shipper, long records, long bytes) {
    Accounts account = account(source, shipper);
    account.records.dropped(records);
    account.bytes.dropped(bytes);
  }

  /// Others get in its stead what waited for a shipper, and have read it.
  synchronized void handedOver(String source, String shipper, long records, long bytes) {
    Accounts account = account(source, shipper);
    account.records.handedOver(records);
    account.bytes.handedOver(bytes);
  }

  /// Records that others got in a shipper's stead: no row of its has them. Its destination may have got them, or a part, all the same.
  public synchronized long handedOver(String shipper) {
    long records = 0;
    for (Map.Entry<Pair, Accounts> each : accounts.entrySet()) {
      if (each.getKey().shipper.equals(shipper)) {
        records += each.getValue().records.handedOver;
      }
    }
    return records;
  }

  /// Which bytes of files are among what was [#dropped].
  public Drops drops() {
    return drops;
  }

  /// Every source and shipper that had a record, in the order of their first.
  public synchronized List<Row> snapshot() {
    List<Row> rows = new ArrayList<>(accounts.size());
    accounts.forEach(
        (pair, account) ->
            rows.add(
                new Row(
                    pair.source(),
                    pair.shipper(),
                    account.records.amounts(),
                    account.bytes.amounts())));
    return rows;
  }

  private Accounts account(String source, String shipper) {
    return accounts.computeIfAbsent(new Pair(source, shipper), pair -> new Accounts());
  }
}

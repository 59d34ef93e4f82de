package dev.pannier.collector.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private final Ledger ledger = new Ledger();
  private final MemoryBuffer buffer =
      new MemoryBuffer(
          new MemoryBudget(1 << 20), ledger, new Metrics(), Map.of("out", Set.of(Signal.LOGS)));
  private final Cursor cursor = buffer.cursor("out");

  @Test
  void bytesAreThoseOfTheSourceAndNotOfTheEncoding() {
    settle(batch(2, 1_000), Settlement.SHIPPED);
    assertThat(only().bytes()).isEqualTo(new Ledger.Amounts(1_000, 1_000, 0, 0, 0, 0, 0, 0));
  }

  @Test
  void eachRecordOfABatchHasTheSameShareAndNoByteIsLostInRounding() {
    settle(batch(3, 100), new Settlement(1, 1, false, "bad"));
    assertThat(only().records()).isEqualTo(new Ledger.Amounts(3, 1, 0, 1, 1, 0, 0, 0));
    assertThat(only().bytes()).isEqualTo(new Ledger.Amounts(100, 34, 0, 33, 33, 0, 0, 0));
  }

  @Test
  void whatWentToTheFallbackIsNotShippedHere() {
    settle(batch(3, 100), new Settlement(0, 0, true, ""));
    assertThat(only().records()).isEqualTo(new Ledger.Amounts(3, 0, 0, 0, 0, 3, 0, 0));
    assertThat(only().bytes()).isEqualTo(new Ledger.Amounts(100, 0, 0, 0, 0, 100, 0, 0));
  }

  @Test
  void whatIsFilteredAndTheRestOfItsBatchAreTheBytesThatWereRead() {
    long dropped = Ledger.share(100, 2, 3);
    buffer.filtered("app", Signal.LOGS, 2, dropped);
    settle(batch(1, 100 - dropped), Settlement.SHIPPED);
    assertThat(only().records()).isEqualTo(new Ledger.Amounts(3, 1, 2, 0, 0, 0, 0, 0));
    assertThat(only().bytes()).isEqualTo(new Ledger.Amounts(100, 34, 66, 0, 0, 0, 0, 0));
  }

  @Test
  void closesAtEveryStep() {
    Random random = new Random(7);
    for (int i = 0; i < 10_000; i++) {
      int records = 1 + random.nextInt(9);
      append(batch(records, random.nextInt(5_000)));
      assertThat(only()).matches(row -> row.records().closes() && row.bytes().closes());
      int rejected = random.nextInt(records + 1);
      int kept = random.nextInt(records - rejected + 1);
      take(new Settlement(rejected, kept, random.nextBoolean(), "bad"));
      assertThat(only()).matches(row -> row.records().closes() && row.bytes().closes());
    }
    assertThat(only().bytes().inFlight()).isZero();
  }

  private Ledger.Row only() {
    assertThat(ledger.snapshot()).hasSize(1);
    return ledger.snapshot().getFirst();
  }

  private void settle(Batch batch, Settlement settlement) {
    append(batch);
    take(settlement);
  }

  private void append(Batch batch) {
    buffer.append(batch, 0, (rejected, reason) -> {});
  }

  private void take(Settlement settlement) {
    cursor.done(Objects.requireNonNull(cursor.next()), settlement);
  }

  private static Batch batch(int records, long sourceBytes) {
    return new Batch(Signal.LOGS, new byte[9], 0, 9, records, "app", "k", new byte[1])
        .withSourceBytes(sourceBytes);
  }
}

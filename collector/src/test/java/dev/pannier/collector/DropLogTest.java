package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.Cursors;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.buffer.MemoryBuffer;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.receipt.FileReceipt;
import dev.pannier.collector.receipt.Receipt;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DropLogTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final Ledger ledger = new Ledger();
  private final MemoryBudget budget = new MemoryBudget(1 << 20);
  private final MemoryBuffer buffer =
      new MemoryBuffer(budget, ledger, new Metrics(), Map.of("events", Set.of(Signal.LOGS)));
  private final List<String> notices = new ArrayList<>();
  private final DropLog log = new DropLog(ledger.drops(), notices::add);
  private final Receipt receipt =
      new Receipt(
          List.of(
              new FileReceipt(
                  "app", "/a.log", "0000000000000007", List.of(), List.of(), List.of(), List.of())),
          0,
          false);

  /// By a shipper that is removed.
  private void drop(byte[] positions) {
    buffer.change(Map.of("events", Set.of(Signal.LOGS)));
    Batch batch = new Batch(Signal.LOGS, new byte[1], 0, 1, 2, "app", "key", positions);
    assertThat(budget.tryReserve(1)).isTrue();
    buffer.append(batch, 1, (rejected, reason) -> {});
    Cursors.Leaving leaving = new Cursors.Leaving(buffer.cursor("events"), List.of());
    buffer.change(Map.of());
    buffer.release(List.of(leaving), List.of());
  }

  private static byte[] bytes(long generation, long from, long to) {
    return new Positions(generation, from, to, 0, 0).encode();
  }

  @Test
  void oneLineTellsWhatGoesAndAnotherAfterAMinuteWhileMoreDoes() {
    log.tell(receipt, 0);
    assertThat(notices).isEmpty();
    drop(bytes(7, 0, 10));
    drop(bytes(7, 10, 30));
    drop(bytes(8, 0, 5));
    drop(new byte[0]);
    log.tell(null, SECOND);
    assertThat(notices).as("the receipt may not know the file yet").isEmpty();
    log.tell(receipt, 4 * SECOND);
    assertThat(notices)
        .containsExactly(
            "the buffer has dropped for shipper events (removed): 8 records; /a.log"
                + " (0000000000000007) bytes 0-30 (30); a file of source app (0000000000000008)"
                + " bytes 0-5 (5)");
    notices.clear();
    drop(bytes(7, 30, 40));
    log.tell(receipt, 30 * SECOND);
    assertThat(notices).isEmpty();
    drop(bytes(7, 40, 50));
    log.tell(receipt, 64 * SECOND);
    assertThat(notices)
        .containsExactly(
            "the buffer has dropped for shipper events (removed): 4 records; /a.log"
                + " (0000000000000007) bytes 30-50 (20)");
    notices.clear();
    drop(new byte[0]);
    log.tellRest(null);
    assertThat(notices)
        .containsExactly("the buffer has dropped for shipper events (removed): 2 records");
  }
}

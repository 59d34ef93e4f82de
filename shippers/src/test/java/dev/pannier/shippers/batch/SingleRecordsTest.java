package dev.pannier.shippers.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.sun.management.ThreadMXBean;
import dev.pannier.shippers.Batches;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SingleRecordsTest {
  private static List<Batch> all(SingleRecords records) {
    List<Batch> all = new ArrayList<>();
    for (Batch next = records.next(); next != null; next = records.next()) {
      all.add(next);
    }
    assertThat(records.heldBytes()).isZero();
    return all;
  }

  private static @Nullable ByteString bytes(@Nullable Batch batch) {
    return batch == null
        ? null
        : ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length());
  }

  @Property(tries = 300)
  void eachIsWhatIsSelectedOfTheBatch(@ForAll Signal signal, @ForAll long seed) {
    Message request = Requests.random(signal, seed);
    Batch batch = Requests.batch(signal, request);
    Random random = new Random(seed);
    BitSet some = new BitSet();
    IntStream.range(0, batch.records()).filter(i -> random.nextBoolean()).forEach(some::set);
    List<ByteString> expected = new ArrayList<>();
    for (int record = some.nextSetBit(0); record >= 0; record = some.nextSetBit(record + 1)) {
      BitSet one = new BitSet();
      one.set(record);
      expected.add(bytes(Splitter.select(batch, one)));
    }
    if (!some.isEmpty()) {
      assertThat(all(new SingleRecords(batch, some)).stream().map(SingleRecordsTest::bytes))
          .containsExactlyElementsOf(expected);
    }
  }

  @Test
  void whatCannotBeToldApartStaysTogether() {
    Batch broken = Batches.logs("k", "1", "2").with(new byte[] {0x0a, 0x7f, 0}, 0, 3, 2);
    assertThat(all(new SingleRecords(broken))).containsExactly(broken);
    BitSet one = new BitSet();
    one.set(1);
    assertThat(all(new SingleRecords(broken, one))).containsExactly(broken);
  }

  /// One copy of all for each record would be some 5,000 times the batch.
  @Test
  void thousandsOfRecordsCostNoCopyOfAllForEach() {
    String[] bodies =
        IntStream.range(0, 5_000).mapToObj(i -> "a line of a log " + i).toArray(String[]::new);
    Batch batch = Batches.logs("k", bodies);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    SingleRecords records = new SingleRecords(batch);
    int count = 0;
    long held = 0;
    for (Batch next = records.next(); next != null; next = records.next()) {
      count += next.records();
      held = Math.max(held, records.heldBytes());
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(count).isEqualTo(5_000);
    assertThat(held).isLessThan(batch.length() * 3L);
    assertThat(allocated).isLessThan(batch.length() * 100L);
  }
}

package dev.pannier.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import dev.pannier.collector.buffer.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UnzstdTest {
  private static final int MAX = 100_000;

  private final MemoryBudget budget = new MemoryBudget(300_000);
  private final Unzstd unzstd = new Unzstd(budget, MAX);

  @AfterEach
  void close() {
    unzstd.close();
    assertThat(budget.heldBytes()).isZero();
  }

  /// As a stream packs it, which does not know the size unless it is small.
  private static byte[] stream(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZstdOutputStream zstd = new ZstdOutputStream(out)) {
      zstd.write(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  private Unpacking unpack(byte[] packed) {
    byte[] shifted = new byte[packed.length + 9];
    System.arraycopy(packed, 0, shifted, 5, packed.length);
    return unzstd.unpack(shifted, 5, packed.length);
  }

  private byte[] unpacked() {
    assertThat(budget.heldBytes()).isEqualTo(unzstd.bytes().length);
    byte[] bytes = Arrays.copyOf(unzstd.bytes(), unzstd.length());
    budget.release(unzstd.bytes().length);
    return bytes;
  }

  @Property(tries = 200)
  void whatWasPackedIsUnpacked(@ForAll @Size(max = 500) byte[] bytes) {
    for (byte[] packed : new byte[][] {Zstd.compress(bytes), stream(bytes)}) {
      assertThat(unpack(packed)).isEqualTo(Unpacking.UNPACKED);
      assertThat(unpacked()).isEqualTo(bytes);
    }
    unzstd.close();
  }

  @Test
  void anHonestBodyTakesOneArrayOfItsSize() {
    assertThat(unpack(Zstd.compress(new byte[MAX]))).isEqualTo(Unpacking.UNPACKED);
    assertThat(unzstd.bytes()).hasSize(MAX);
    unpacked();
  }

  @Test
  void aStreamTakesHardlyMoreThanItsSize() {
    byte[] bytes = new byte[70_000];
    new Random(1).nextBytes(bytes);
    byte[] packed = stream(bytes);
    assertThat(Zstd.getFrameContentSize(packed)).as("not told").isNegative();
    assertThat(unpack(packed)).isEqualTo(Unpacking.UNPACKED);
    assertThat(unzstd.bytes()).hasSizeLessThan(80_000);
    assertThat(unpacked()).isEqualTo(bytes);
  }

  @Test
  void severalFramesAreOneBody() {
    byte[] one = Zstd.compress(new byte[3000]);
    byte[] two = Arrays.copyOf(one, 2 * one.length);
    System.arraycopy(one, 0, two, one.length, one.length);
    assertThat(unpack(two)).isEqualTo(Unpacking.UNPACKED);
    assertThat(unpacked()).isEqualTo(new byte[6000]);
  }

  @Test
  void aBombIsRefusedWhetherOrNotItAdmitsItsSize() {
    assertThat(unpack(Zstd.compress(new byte[10_000_000]))).isEqualTo(Unpacking.TOO_LARGE);
    assertThat(unpack(stream(new byte[10_000_000]))).isEqualTo(Unpacking.TOO_LARGE);
    assertThat(unpack(stream(new byte[MAX]))).isEqualTo(Unpacking.UNPACKED);
    assertThat(unpacked()).hasSize(MAX);
  }

  @Test
  void memoryThatIsNotFreeIsNotTaken() {
    assertThat(budget.tryReserve(250_000)).isTrue();
    assertThat(unpack(Zstd.compress(new byte[60_000]))).isEqualTo(Unpacking.NO_MEMORY);
    assertThat(unpack(stream(new byte[60_000]))).isEqualTo(Unpacking.NO_MEMORY);
    budget.release(250_000);
  }

  @Test
  void moreThanThereEverIsIsNotWaitedFor() {
    budget.limit(50_000);
    assertThat(unpack(Zstd.compress(new byte[60_000]))).isEqualTo(Unpacking.NEVER_MEMORY);
    assertThat(unpack(stream(new byte[60_000]))).isEqualTo(Unpacking.NEVER_MEMORY);
  }

  @Property(tries = 500)
  void damagedBytesAreBrokenOrTooLargeAndHoldNothing(
      @ForAll @Size(max = 300) byte[] bytes, @ForAll long seed) {
    Random random = new Random(seed);
    byte[] packed = random.nextBoolean() ? Zstd.compress(bytes) : stream(bytes);
    packed[random.nextInt(packed.length)] = (byte) random.nextInt();
    byte[] cut = Arrays.copyOf(packed, random.nextInt(packed.length) + 1);
    if (unpack(cut) == Unpacking.UNPACKED) {
      unpacked();
    }
    assertThat(budget.heldBytes()).isZero();
    unzstd.close();
  }
}

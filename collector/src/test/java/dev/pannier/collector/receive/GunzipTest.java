package dev.pannier.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class GunzipTest {
  private static final int MAX = 10_000;

  private final MemoryBudget budget = new MemoryBudget(100_000);
  private final Gunzip gunzip = new Gunzip(budget, MAX);

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  private Unpacking unpack(byte[] packed) {
    return gunzip.unpack(packed, 0, packed.length);
  }

  private byte[] unpacked() {
    byte[] bytes = Arrays.copyOf(gunzip.bytes(), gunzip.length());
    budget.release(gunzip.bytes().length);
    return bytes;
  }

  @Property(tries = 200)
  void whatWasPackedIsUnpacked(@ForAll @Size(max = 500) byte[] bytes) {
    assertThat(unpack(gzip(bytes))).isEqualTo(Unpacking.UNPACKED);
    assertThat(unpacked()).isEqualTo(bytes);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void anHonestBodyTakesOneArrayOfItsSize() {
    assertThat(unpack(gzip(new byte[MAX]))).isEqualTo(Unpacking.UNPACKED);
    assertThat(gunzip.bytes()).hasSize(MAX + 1);
    assertThat(budget.heldBytes()).isEqualTo(MAX + 1);
  }

  @Test
  void aBombIsRefusedWhetherOrNotItAdmitsItsSize() {
    byte[] bomb = gzip(new byte[10_000_000]);
    assertThat(unpack(bomb)).isEqualTo(Unpacking.TOO_LARGE);
    bomb[bomb.length - 1] = 0;
    bomb[bomb.length - 2] = 0;
    bomb[bomb.length - 3] = 1;
    assertThat(unpack(bomb)).isEqualTo(Unpacking.TOO_LARGE);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void severalMembersAreOneBody() throws IOException {
    ByteArrayOutputStream members = new ByteArrayOutputStream();
    members.writeBytes(gzip(new byte[] {1, 2}));
    members.writeBytes(gzip(new byte[0]));
    members.writeBytes(gzip(new byte[5000]));
    assertThat(unpack(members.toByteArray())).isEqualTo(Unpacking.UNPACKED);
    assertThat(unpacked()).hasSize(5002).startsWith(1, 2);
  }

  @Test
  void aNameInTheHeaderIsPassedOver() {
    byte[] packed = gzip(new byte[] {7});
    byte[] named = new byte[packed.length + 3];
    System.arraycopy(packed, 0, named, 0, 10);
    named[3] = 8;
    named[10] = 'a';
    named[11] = 'b';
    System.arraycopy(packed, 10, named, 13, packed.length - 10);
    assertThat(unpack(named)).isEqualTo(Unpacking.UNPACKED);
    assertThat(unpacked()).containsExactly(7);
  }

  @Test
  void aBodyThatIsCutOffIsBrokenWhateverItsLastBytesSay() {
    byte[] whole = gzip(new byte[] {1, 2, 3, 5, 7, 11, 13, 17, 19});
    for (int left = 0; left < whole.length; left++) {
      assertThat(unpack(Arrays.copyOf(whole, left))).isEqualTo(Unpacking.BROKEN);
    }
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void aWrongChecksumIsBroken() {
    byte[] packed = gzip(new byte[] {1, 2, 3});
    packed[packed.length - 5] ^= 1;
    assertThat(unpack(packed)).isEqualTo(Unpacking.BROKEN);
    assertThat(unpack(Arrays.copyOf(packed, 12))).isEqualTo(Unpacking.BROKEN);
    assertThat(budget.heldBytes()).isZero();
  }

  @Test
  void withoutMemoryNothingIsKept() {
    assertThat(budget.tryReserve(95_000)).isTrue();
    assertThat(unpack(gzip(new byte[8000]))).isEqualTo(Unpacking.NO_MEMORY);
    assertThat(budget.heldBytes()).isEqualTo(95_000);
  }

  @Test
  void moreThanThereEverIsIsNotWaitedFor() {
    budget.limit(MAX / 2);
    assertThat(unpack(gzip(new byte[MAX]))).isEqualTo(Unpacking.NEVER_MEMORY);
    assertThat(budget.heldBytes()).isZero();
  }

  @Property(tries = 500)
  void anyChangeIsSurvived(
      @ForAll @Size(min = 1, max = 100) byte[] bytes, @ForAll int position, @ForAll byte value) {
    byte[] packed = gzip(bytes);
    packed[Math.floorMod(position, packed.length)] = value;
    if (unpack(packed) == Unpacking.UNPACKED) {
      budget.release(gunzip.bytes().length);
    }
    assertThat(budget.heldBytes()).isZero();
  }
}

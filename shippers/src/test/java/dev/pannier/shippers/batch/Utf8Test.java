package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class Utf8Test {
  /// What the JDK's decoder says.
  private static boolean isValid(byte[] bytes, int from, int end) {
    try {
      UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, end - from));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  @Property(tries = 2000)
  void anyBytesAreJudgedAsByTheJdk(@ForAll @Size(max = 40) byte[] bytes) {
    assertThat(Utf8.isValid(bytes, 0, bytes.length)).isEqualTo(isValid(bytes, 0, bytes.length));
  }

  @Property(tries = 2000)
  void textIsValidAndTextWithAChangedByteIsJudgedAsByTheJdk(
      @ForAll String text, @ForAll long seed) {
    byte[] bytes = ("«" + text + "»").getBytes(UTF_8);
    assertThat(Utf8.isValid(bytes, 0, bytes.length)).isTrue();

    Random random = new Random(seed);
    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    int from = random.nextInt(bytes.length);
    int end = from + random.nextInt(bytes.length - from + 1);
    assertThat(Utf8.isValid(bytes, from, end)).isEqualTo(isValid(bytes, from, end));
  }

  @Test
  void everyPairOfFirstBytesIsJudgedAsByTheJdk() {
    for (int pair = 0; pair < 0x10000; pair++) {
      byte[] bytes = {(byte) (pair >> 8), (byte) pair, (byte) 0x80, (byte) 0xbf};
      for (int end = 1; end <= bytes.length; end++) {
        assertThat(Utf8.isValid(bytes, 0, end)).isEqualTo(isValid(bytes, 0, end));
      }
    }
  }
}

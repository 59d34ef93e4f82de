package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class UidTest {
  private static String offset(long offset) {
    byte[] digits = new byte[Uid.digits(offset)];
    Uid.write(offset, digits, 0, digits.length);
    return new String(digits, US_ASCII);
  }

  @Test
  void anOffsetIsANumberInBase32() {
    LongStream.concat(
            LongStream.of(0, 1, 9, 10, 31, 32, 0xF_FFFF, 0x10_0000, (1L << 40) - 1, 1L << 40),
            LongStream.of(0x12_3456_789AL, (1L << 60) + 7, Long.MAX_VALUE))
        .forEach(value -> assertThat(Long.parseLong(offset(value), 32)).isEqualTo(value));
  }

  @Test
  void offsetsOfAFileBelow1TiBAreOfOneWidthAndSoOfTheRecordsOrder() {
    assertThat(offset(0)).isEqualTo("00000000");
    assertThat(offset(31)).isEqualTo("0000000v");
    assertThat(offset((1L << 40) - 1)).isEqualTo("vvvvvvvv");
    assertThat(offset(9)).isLessThan(offset(10)).isLessThan(offset(1 << 20));
  }

  @Test
  void fromThereOnTheyAreLonger() {
    assertThat(offset(1L << 40)).isEqualTo("0000100000000");
    assertThat(offset(Long.MAX_VALUE)).isEqualTo("7vvvvvvvvvvvv");
  }

  @Test
  void volumesAndGenerationsDiffer() {
    assertThat(Uid.prefix(1, 2)).isEqualTo("00000001000000000002");
    assertThat(Uid.prefix(-1, -1)).isEqualTo("v".repeat(20));
    assertThat(Uid.prefix(1, 2)).isNotEqualTo(Uid.prefix(2, 2)).isNotEqualTo(Uid.prefix(1, 3));
  }
}

package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GzipContentTest {
  @TempDir Path directory;

  @Test
  void anyRangeIsThatOfTheFileBeforeCompression() throws IOException {
    byte[] plain = content(200_000);
    Random random = new Random(7);
    try (GzipContent gzip = GzipContent.open(write(gzip(plain)))) {
      long position = 0;
      for (int i = 0; i < 300; i++) {
        int length = 1 + random.nextInt(9_000);
        byte[] buffer = new byte[length + 3];
        int count = gzip.read(buffer, 3, length, position);
        int expected = (int) Math.min(length, plain.length - position);
        assertThat(count).isEqualTo(expected == 0 ? -1 : expected);
        if (count > 0) {
          assertThat(Arrays.copyOfRange(buffer, 3, 3 + count))
              .isEqualTo(Arrays.copyOfRange(plain, (int) position, (int) position + count));
        }
        // Mostly onwards, with some bytes again; at times far ahead or back.
        position =
            switch (random.nextInt(10)) {
              case 0 -> random.nextInt(plain.length + 1);
              default -> position + Math.max(0, count - random.nextInt(100));
            };
        position = Math.min(position, plain.length);
      }
    }
  }

  @Test
  void itBeginsAnewWithTheSameFileThoughItWasRotatedOn() throws IOException {
    byte[] plain = content(100_000);
    Path file = write(gzip(plain));
    try (GzipContent gzip = GzipContent.open(file)) {
      byte[] buffer = new byte[1_000];
      assertThat(gzip.read(buffer, 0, 1_000, 90_000)).isEqualTo(1_000);
      Files.move(file, file.resolveSibling("rotated on.gz"));
      Files.write(file, gzip(content(50)));
      assertThat(gzip.read(buffer, 0, 1_000, 60_000)).isEqualTo(1_000);
      assertThat(buffer).isEqualTo(Arrays.copyOfRange(plain, 60_000, 61_000));
      Files.delete(file.resolveSibling("rotated on.gz"));
      assertThat(gzip.read(buffer, 0, 1_000, 0)).isEqualTo(1_000);
      assertThat(buffer).isEqualTo(Arrays.copyOfRange(plain, 0, 1_000));
    }
  }

  @Test
  void sizeIsKnownAtTheEndOnly() throws IOException {
    byte[] plain = content(5_000);
    try (GzipContent gzip = GzipContent.open(write(gzip(plain)))) {
      byte[] buffer = new byte[4_000];
      assertThat(gzip.size()).isEqualTo(Long.MAX_VALUE);
      assertThat(gzip.read(buffer, 0, 4_000, 0)).isEqualTo(4_000);
      assertThat(gzip.read(buffer, 0, 4_000, 4_000)).isEqualTo(1_000);
      assertThat(gzip.size()).isEqualTo(5_000);
      assertThat(gzip.read(buffer, 0, 4_000, 5_000)).isEqualTo(-1);
      assertThat(gzip.read(buffer, 0, 4_000, 6_000)).isEqualTo(-1);
      assertThat(gzip.size()).isEqualTo(5_000);
    }
  }

  @Test
  void severalMembersAreOneContent() throws IOException {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(gzip("one\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    both.write(gzip("two\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    try (GzipContent gzip = GzipContent.open(write(both.toByteArray()))) {
      byte[] buffer = new byte[10];
      assertThat(gzip.read(buffer, 0, 10, 0)).isEqualTo(8);
    }
  }

  @Test
  void emptyContentEndsAtOnce() throws IOException {
    try (GzipContent gzip = GzipContent.open(write(gzip(new byte[0])))) {
      assertThat(gzip.read(new byte[10], 0, 10, 0)).isEqualTo(-1);
      assertThat(gzip.size()).isZero();
    }
  }

  @Test
  void fileCutShortIsAnErrorAndNotAnEnd() throws IOException {
    byte[] plain = content(100_000);
    byte[] bytes = gzip(plain);
    try (GzipContent gzip = GzipContent.open(write(Arrays.copyOf(bytes, bytes.length / 2)))) {
      byte[] buffer = new byte[100_000];
      int count = gzip.read(buffer, 0, 100_000, 0);
      assertThat(count).as("what comes before the cut").isBetween(40_000, 60_000);
      assertThat(Arrays.copyOf(buffer, count)).isEqualTo(Arrays.copyOf(plain, count));
      assertThatThrownBy(() -> gzip.read(buffer, 0, 100_000, count))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("too early");
      assertThat(gzip.size()).isEqualTo(Long.MAX_VALUE);
      assertThat(gzip.read(buffer, 0, 100, 0)).as("anew from the beginning").isEqualTo(100);
    }
  }

  @Test
  void otherContentIsRefused() throws IOException {
    Path plain = write(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    assertThatThrownBy(() -> GzipContent.open(plain)).isInstanceOf(IOException.class);
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("app.log.1.gz"), bytes);
  }

  private static byte[] content(int length) {
    byte[] bytes = new byte[length];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}

package dev.pannier.collector.buffer.disk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class RepeatsTest {
  private final Repeats repeats = new Repeats();

  @Property
  void whatWasPackedIsUnpacked(
      @ForAll @Size(min = 1, max = 40) List<@StringLength(max = 300) String> texts,
      @ForAll @StringLength(max = 200) String shared,
      @ForAll @IntRange(max = 3) int repeated) {
    Batch batch =
        Lines.batch(shared, texts.size() * (repeated + 1), i -> texts.get(i % texts.size()));
    comesBack(batch);
  }

  /// Requests are checked where they are received; should one be none all the same, it is kept as it is.
  @Property
  void bytesThatAreNoRequestComeBack(
      @ForAll @Size(max = 400) byte[] bytes, @ForAll @IntRange(max = 5) int from) {
    int offset = Math.min(from, bytes.length);
    comesBack(
        new Batch(Signal.TRACES, bytes, offset, bytes.length - offset, 1, "otlp", "", new byte[0]));
  }

  /// A checksum is no proof: whatever stands there, nothing outside is touched, and nothing is thrown.
  @Property
  void whatIsNotPackedIsRefused(@ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int flips) {
    Batch batch = Lines.batch("/var/log/app/app.log", 20, i -> "line " + i);
    assertThat(repeats.pack(batch)).isTrue();
    byte[] packed = Arrays.copyOf(repeats.packed(), repeats.packedBytes());
    Random random = new Random(seed);
    for (int i = 0; i < flips; i++) {
      packed[random.nextInt(packed.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
    }
    int room = Repeats.room(batch.length());
    byte[] body = new byte[room + 1];
    System.arraycopy(packed, 0, body, room - packed.length, packed.length);
    body[room] = 42;
    Repeats.unpack(body, room - packed.length, room, batch.length());
    assertThat(body[room]).isEqualTo((byte) 42);
    assertThat(Repeats.unpack(new byte[room], room, room, batch.length())).isFalse();
  }

  @Test
  void recordsThatEndAlikeTakeLittleMoreThanTheirTexts() {
    Batch batch =
        Lines.batch("/var/log/containers/a/long/path/app.log", 1_000, i -> "a line of text " + i);
    assertThat(repeats.pack(batch)).isTrue();
    assertThat(repeats.packedBytes()).isLessThan(1_000 * ("a line of text 999".length() + 32));
    comesBack(batch);
  }

  /// Longer than a token can say, before and between repeats.
  @Test
  void longRecordsComeBack() {
    comesBack(Lines.batch("/var/log/app.log", 5, i -> (i % 2 == 0 ? "x".repeat(65_533 + i) : "y")));
    comesBack(Lines.batch("/var/log/app.log", 2, i -> "z".repeat(131_000 - 50 + i)));
    comesBack(Lines.batch("/var/log/app.log", 2, i -> "z".repeat(300_000)));
  }

  @Test
  void tracesWithIdsAtTheirEndsComeBack() {
    Random random = new Random(1);
    Batch batch = Lines.batch("/var/log/app.log", 100, i -> Long.toHexString(random.nextLong()));
    comesBack(batch);
    comesBack(
        new Batch(
            Signal.TRACES,
            batch.bytes(),
            batch.offset(),
            batch.length(),
            100,
            "",
            "",
            new byte[0]));
  }

  private void comesBack(Batch batch) {
    byte[] request =
        Arrays.copyOfRange(batch.bytes(), batch.offset(), batch.offset() + batch.length());
    if (!repeats.pack(batch)) {
      return;
    }
    int packed = repeats.packedBytes();
    assertThat(packed).isLessThan(request.length);
    int room = Repeats.room(request.length);
    byte[] body = "?".repeat(room).getBytes(UTF_8);
    System.arraycopy(repeats.packed(), 0, body, room - packed, packed);
    assertThat(Repeats.unpack(body, room - packed, room, request.length)).isTrue();
    assertThat(body).startsWith(request);
  }
}

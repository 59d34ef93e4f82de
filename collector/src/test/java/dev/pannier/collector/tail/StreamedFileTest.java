package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.pannier.collector.config.FileSource.Multiline;
import dev.pannier.collector.config.FileSource.OnOversize;
import dev.pannier.shippers.batch.Batch;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class StreamedFileTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);

  /// Gives at most so many bytes a read, as a pipe may.
  private static InputStream inSteps(byte[] bytes, int step) {
    return new FilterInputStream(new ByteArrayInputStream(bytes)) {
      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        return super.read(into, offset, Math.min(step, length));
      }
    };
  }

  private static List<String> read(byte[] bytes, int step, Multiline multiline, Charset charset)
      throws IOException {
    List<String> bodies = new ArrayList<>();
    new StreamedFile(
            TailHarness.source(Path.of("/tmp"), multiline, 1 << 20, OnOversize.SPLIT, charset),
            (head, length) -> new TailHarness.RawLines(),
            Path.of("app.log"),
            new byte[0],
            () -> NOW,
            batch -> bodies.add(record(batch).getBody().getStringValue()))
        .read(inSteps(bytes, step));
    return bodies;
  }

  private static LogRecord record(Batch batch) {
    try {
      ExportLogsServiceRequest request =
          ExportLogsServiceRequest.parseFrom(
              ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length()));
      assertThat(batch.records()).isEqualTo(1);
      return request.getResourceLogs(0).getScopeLogs(0).getLogRecords(0);
    } catch (InvalidProtocolBufferException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void eachLineIsABatchOfOneTheLastWithoutItsEndToo() throws IOException {
    assertThat(read(utf8("a\r\nb\n\nc"), 100, new Multiline.None(), StandardCharsets.UTF_8))
        .containsExactly("a", "b", "", "c");
  }

  @Test
  void continuedLinesAreJoined() throws IOException {
    assertThat(read(utf8("a\n  b\n  c\nd\n  e"), 2, new Multiline.Auto(), StandardCharsets.UTF_8))
        .containsExactly("a\n  b\n  c", "d\n  e");
  }

  @Test
  void aConfiguredPatternJoinsLines() throws IOException {
    byte[] bytes = utf8("1 a\nb\n2 c\n");

    assertThat(read(bytes, 100, new Multiline.Start("^\\d"), StandardCharsets.UTF_8))
        .containsExactly("1 a\nb", "2 c");
    assertThat(read(bytes, 100, new Multiline.Continue("^[a-z]"), StandardCharsets.UTF_8))
        .containsExactly("1 a\nb", "2 c");
  }

  @Test
  void marksOfByteOrderAreNoText() throws IOException {
    assertThat(read(utf8("\uFEFFa\nb\n"), 1, new Multiline.None(), StandardCharsets.UTF_8))
        .containsExactly("a", "b");
    assertThat(
            read(
                "\uFEFFa\nb".getBytes(StandardCharsets.UTF_16LE),
                1,
                new Multiline.None(),
                StandardCharsets.UTF_8))
        .containsExactly("a", "b");
    assertThat(read(utf8("\uFEFF"), 100, new Multiline.None(), StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void aLineLongerThanTheFirstBufferIsWhole() throws IOException {
    String line = "x".repeat(300_000);
    assertThat(read(utf8(line + "\nb"), 1000, new Multiline.None(), StandardCharsets.UTF_8))
        .containsExactly(line, "b");
  }

  @Property(tries = 300)
  void howTheStreamIsCutChangesNothing(
      @ForAll @Size(max = 12) List<@IntRange(max = 5) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 7) int step,
      @ForAll boolean joined)
      throws IOException {
    StringBuilder text = new StringBuilder();
    for (int length : lengths) {
      text.append(length == 5 ? " é\n" : "x".repeat(length) + "\n");
    }
    Multiline multiline = joined ? new Multiline.Auto() : new Multiline.None();
    byte[] bytes = utf8(text.toString());

    assertThat(read(bytes, step, multiline, StandardCharsets.UTF_8))
        .isEqualTo(read(bytes, 1 << 20, multiline, StandardCharsets.UTF_8));
  }
}

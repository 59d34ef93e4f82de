package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.checkpoint.Anchor.Skip;
import dev.pannier.collector.config.FileSource.Multiline;
import dev.pannier.collector.config.FileSource.OnOversize;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.parsers.AutoDetect;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.batch.Positions;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Records above `max_record`, here 1,024 bytes: at the boundary, across reads, and their counts.
class OversizeTest {
  private static final int MAX = 1024;

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TailHarness tail;

  private OnOversize policy = OnOversize.SPLIT;

  @BeforeEach
  void open() {
    open(OnOversize.SPLIT, new Multiline.None(), UTF_8);
  }

  @SuppressWarnings("NullAway") // the first call finds none to close
  private void open(OnOversize policy, Multiline multiline, Charset charset) {
    if (tail != null) {
      tail.close();
    }
    this.policy = policy;
    tail = new TailHarness(folder, TailHarness.source(folder, multiline, MAX, policy, charset));
  }

  @AfterEach
  void close() {
    tail.close();
  }

  private void write(String text) throws IOException {
    write(text, UTF_8);
  }

  private void write(String text, Charset charset) throws IOException {
    Files.write(tail.logs.resolve("app.log"), text.getBytes(charset), CREATE, APPEND);
    tail.run();
  }

  private long counted() {
    long all = tail.metrics.value(Counter.SOURCE_OVERSIZE, "app");
    String reason = policy.name().toLowerCase(Locale.ROOT);
    assertThat(tail.metrics.adder(Counter.SOURCE_OVERSIZE, "app", reason).sum()).isEqualTo(all);
    return all;
  }

  private List<Boolean> truncated() {
    return tail.records.stream().map(OversizeTest::isTruncated).toList();
  }

  private static boolean isTruncated(LogRecord one) {
    return one.getAttributesList().stream()
        .anyMatch(
            attribute ->
                attribute.getKey().equals("pannier.truncated")
                    && attribute.getValue().getBoolValue());
  }

  @ParameterizedTest
  @EnumSource
  void aRecordOfExactlyTheLimitIsWhole(OnOversize policy) throws IOException {
    open(policy, new Multiline.None(), UTF_8);
    String line = "a".repeat(MAX);
    write(line + "\n" + line + "\r\n" + "end\n");

    assertThat(tail.bodies()).containsExactly(line, line, "end");
    assertThat(truncated()).doesNotContain(true);
    assertThat(counted()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n"})
  void oneByteAboveTheLimitIsSplit(String end) throws IOException {
    write("a".repeat(MAX) + "b" + end + "end" + end);

    assertThat(tail.bodies()).containsExactly("a".repeat(MAX), "b", "end");
    assertThat(tail.uids()).doesNotHaveDuplicates();
    assertThat(counted()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n"})
  void oneByteAboveTheLimitIsTruncated(String end) throws IOException {
    open(OnOversize.TRUNCATE, new Multiline.None(), UTF_8);
    write("a".repeat(MAX) + "b" + end + "end" + end);

    assertThat(tail.bodies()).containsExactly("a".repeat(MAX), "end");
    assertThat(truncated()).containsExactly(true, false);
    assertThat(counted()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n"})
  void oneByteAboveTheLimitIsDropped(String end) throws IOException {
    open(OnOversize.DROP, new Multiline.None(), UTF_8);
    write("begin" + end + "a".repeat(MAX) + "b" + end + "end" + end);

    assertThat(tail.bodies()).containsExactly("begin", "end");
    assertThat(counted()).isEqualTo(1);
  }

  @Test
  void anyNumberOfThemInARowIsDropped() {
    byte[] lines = ("a".repeat(MAX + 75) + "\n").repeat(8_000).getBytes(UTF_8);
    RecordFramer framer = new RecordFramer(MAX, OnOversize.DROP);
    framer.reset(
        lines,
        0,
        lines.length,
        new FileCursor(),
        Transcoder.of(UTF_8),
        null,
        false,
        Skip.NOTHING,
        false);
    assertThat(framer.next()).isFalse();
    assertThat(framer.oversized()).isEqualTo(8_000);
    assertThat(framer.consumed()).isEqualTo(lines.length);
  }

  @Test
  void severalTimesTheLimitIsCountedOnce() throws IOException {
    String line = "0123456789".repeat(1000);
    write(line + "\n" + line + "\nend\n");

    assertThat(tail.bodies()).hasSize(21).endsWith("end");
    assertThat(String.join("", tail.bodies().subList(0, 10))).isEqualTo(line);
    assertThat(String.join("", tail.bodies().subList(10, 20))).isEqualTo(line);
    assertThat(counted()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource
  void howTheLineComesChangesNothing(OnOversize policy) throws IOException {
    String text =
        "begin\n" + "a".repeat(3 * MAX + 7) + "\r\nend\n" + "b".repeat(MAX + 1) + "\nlast\n";
    open(policy, new Multiline.None(), UTF_8);
    write(text);
    List<String> whole = List.copyOf(tail.bodies());
    assertThat(counted()).isEqualTo(2);

    for (int step : new int[] {1, 7, MAX - 1, MAX, MAX + 1}) {
      tail.close();
      Files.delete(tail.logs.resolve("app.log"));
      Files.delete(tail.state.resolve("positions"));
      tail =
          new TailHarness(
              folder, TailHarness.source(folder, new Multiline.None(), MAX, policy, UTF_8));
      for (int i = 0; i < text.length(); i += step) {
        write(text.substring(i, Math.min(text.length(), i + step)));
      }
      assertThat(tail.bodies()).as("in steps of %d", step).isEqualTo(whole);
      assertThat(counted()).as("in steps of %d", step).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLineLongerThanWhatIsReadAtOnce(OnOversize policy) throws IOException {
    open(policy, new Multiline.None(), UTF_8);
    int length = 2 * FileTailer.CHUNK_BYTES + 5;
    write("begin\n" + "a".repeat(length) + "\nend\n");

    assertThat(tail.bodies()).startsWith("begin").endsWith("end");
    int shipped = tail.bodies().stream().mapToInt(String::length).sum() - "beginend".length();
    assertThat(shipped)
        .isEqualTo(
            switch (policy) {
              case SPLIT -> length;
              case TRUNCATE -> MAX;
              case DROP -> 0;
            });
    assertThat(counted()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void aLineLongerThanWhatIsReadAtOnceBehindAnotherAboveTheLimit(OnOversize policy)
      throws IOException {
    open(policy, new Multiline.Auto(), UTF_8);
    int length = 2 * FileTailer.CHUNK_BYTES + 5;
    write("begin\n" + "a".repeat(MAX + 1) + "\n" + "b".repeat(length) + "\nend\n");
    tail.pass(Duration.ofSeconds(1));

    assertThat(tail.bodies()).startsWith("begin").endsWith("end");
    assertThat(String.join("", tail.bodies()))
        .isEqualTo(
            switch (policy) {
              case SPLIT -> "begin" + "a".repeat(MAX + 1) + "b".repeat(length) + "end";
              case TRUNCATE -> "begin" + "a".repeat(MAX) + "b".repeat(MAX) + "end";
              case DROP -> "beginend";
            });
    assertThat(counted()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource
  void aContinuationLongerThanWhatIsReadAtOnceGoesWithItsRecord(OnOversize policy)
      throws IOException {
    open(policy, new Multiline.Auto(), UTF_8);
    int length = 2 * FileTailer.CHUNK_BYTES + 5;
    write("a".repeat(MAX + 1) + "\n " + "b".repeat(length) + "\n c\nend\n");
    tail.pass(Duration.ofSeconds(1));

    assertThat(tail.bodies()).endsWith("end");
    assertThat(tail.bodies())
        .hasSize(
            switch (policy) {
              case SPLIT -> tail.bodies().size();
              case TRUNCATE -> 2;
              case DROP -> 1;
            });
  }

  @ParameterizedTest
  @EnumSource
  void twoRecordsBelowTheLimitStayTwoThoughTheSecondComesInParts(OnOversize policy)
      throws IOException {
    int max = 16 << 10;
    tail.close();
    this.policy = policy;
    tail =
        new TailHarness(
            folder, TailHarness.source(folder, new Multiline.Auto(), max, policy, UTF_8));
    String first = "a".repeat(10_000);
    String second = "b".repeat(9_000);
    write(first + "\n" + second.substring(0, 3_000));
    write(second.substring(3_000, 8_000));
    write(second.substring(8_000) + "\n" + first + "\n" + second + "\n");
    tail.pass(Duration.ofSeconds(1));

    assertThat(tail.bodies()).containsExactly(first, second, first, second);
    assertThat(truncated()).doesNotContain(true);
    assertThat(counted()).isZero();
  }

  @Test
  void noCharacterIsCut() throws IOException {
    String line = "€".repeat(MAX);
    write(line + "\n");

    assertThat(tail.bodies().getFirst()).isEqualTo("€".repeat(MAX / 3));
    assertThat(String.join("", tail.bodies())).isEqualTo(line);
    assertThat(tail.metrics.value(Counter.SOURCE_BAD_CHARACTERS, "app")).isZero();
  }

  @Test
  void noUnitOrSurrogatePairOfUtf16IsCut() throws IOException {
    open(OnOversize.SPLIT, new Multiline.None(), StandardCharsets.UTF_16LE);
    String line = "a" + "😀".repeat(MAX);
    write(line + "\nend\n", StandardCharsets.UTF_16LE);

    assertThat(tail.bodies()).endsWith("end");
    assertThat(String.join("", tail.bodies())).isEqualTo(line + "end");
    assertThat(tail.metrics.value(Counter.SOURCE_BAD_CHARACTERS, "app")).isZero();
  }

  @Test
  void aPartialLineAboveTheLimitDoesNotWaitForItsEnd() throws IOException {
    write("a".repeat(MAX + 1));
    assertThat(tail.bodies()).containsExactly("a".repeat(MAX));

    write("\n");
    assertThat(tail.bodies()).containsExactly("a".repeat(MAX), "a");
    assertThat(counted()).isEqualTo(1);
  }

  @Test
  void aRecordOfSeveralLinesIsSplitBetweenLines() throws IOException {
    open(OnOversize.SPLIT, new Multiline.Auto(), UTF_8);
    String frame = "\n " + "x".repeat(498);
    write("head" + frame.repeat(5) + "\nnext\nlast\n");

    assertThat(tail.bodies().getFirst()).isEqualTo("head" + frame.repeat(2));
    assertThat(String.join("\n", tail.bodies())).isEqualTo("head" + frame.repeat(5) + "\nnext");
    assertThat(counted()).isEqualTo(1);
  }

  @Test
  void aRecordOfSeveralLinesOfExactlyTheLimitIsWhole() throws IOException {
    open(OnOversize.SPLIT, new Multiline.Auto(), UTF_8);
    String joined = "head\n " + "x".repeat(MAX - 6);
    write(joined + "\nnext\n");
    tail.pass(Duration.ofSeconds(1));

    assertThat(joined).hasSize(MAX);
    assertThat(tail.bodies()).containsExactly(joined, "next");
    assertThat(counted()).isZero();
  }

  @Test
  void aTruncatedRecordTakesItsContinuationsWithIt() throws IOException {
    open(OnOversize.TRUNCATE, new Multiline.Auto(), UTF_8);
    write("head\n " + "x".repeat(MAX) + "\n tail\n tail\nnext\n");
    tail.pass(Duration.ofSeconds(1));

    assertThat(tail.bodies()).hasSize(2).endsWith("next");
    assertThat(tail.bodies().getFirst()).startsWith("head\n xxx").hasSize(MAX);
    assertThat(truncated()).containsExactly(true, false);
    assertThat(counted()).isEqualTo(1);
  }

  @Test
  void aDroppedRecordTakesItsContinuationsWithIt() throws IOException {
    open(OnOversize.DROP, new Multiline.Auto(), UTF_8);
    write("head\n " + "x".repeat(MAX) + "\n tail\n tail\nnext\n");
    tail.pass(Duration.ofSeconds(1));

    assertThat(tail.bodies()).containsExactly("next");
    assertThat(counted()).isEqualTo(1);
  }

  /// Until positions are stored.
  private void stored() {
    tail.pass(Duration.ofSeconds(2));
  }

  @ParameterizedTest
  @EnumSource(
      value = OnOversize.class,
      names = {"TRUNCATE", "DROP"})
  void theRestOfALineIsLeftOutAfterACrashToo(OnOversize policy) throws IOException {
    for (Multiline multiline : List.of(new Multiline.None(), new Multiline.Auto())) {
      open(policy, multiline, UTF_8);
      Files.deleteIfExists(tail.logs.resolve("app.log"));
      stored();
      write("begin\n" + "a".repeat(3 * MAX));
      stored();
      List<String> before = tail.uids();
      tail.crashAndRestart();
      write("bbb");
      stored();
      tail.crashAndRestart();
      write("ccc\n");
      stored();
      tail.crashAndRestart();
      if (multiline instanceof Multiline.Auto) {
        write(" and what continues it\n");
        stored();
        tail.crashAndRestart();
      }
      write("end\n");
      stored();

      assertThat(tail.bodies())
          .isEqualTo(
              policy == OnOversize.DROP
                  ? List.of("begin", "end")
                  : List.of("begin", "a".repeat(MAX), "end"));
      assertThat(tail.uids()).startsWith(before.toArray(String[]::new)).doesNotHaveDuplicates();
    }
  }

  @Test
  void whatContinuesADroppedRecordIsLeftOutAfterACrashToo() throws IOException {
    open(OnOversize.DROP, new Multiline.Auto(), UTF_8);
    write("begin\nhead\n " + "x".repeat(MAX / 2) + "\n " + "y".repeat(MAX / 2) + "\n");
    stored();
    tail.crashAndRestart();
    write(" tail\nend\n");
    stored();

    assertThat(tail.bodies()).containsExactly("begin", "end");
  }

  /// Where nobody said which parser, the file's beginning tells what its lines are: not those that are skipped.
  @ParameterizedTest
  @EnumSource(
      value = OnOversize.class,
      names = {"TRUNCATE", "DROP"})
  void whatContinuesALineThatIsLeftOutTellsNothingOfTheParser(OnOversize policy)
      throws IOException {
    for (boolean reloads : List.of(false, true)) {
      open(policy, new Multiline.Auto(), UTF_8);
      tail.parsers = new AutoDetect(ZoneOffset.UTC)::parser;
      tail.crashAndRestart();
      Files.deleteIfExists(tail.logs.resolve("app.log"));
      stored();
      String time = "2026-11-23 14:00:00.000 INFO  [main] com.example.Shop - ";
      write("\uFEFF" + time + "begin\n" + time + "a".repeat(MAX) + "\nits second line\n");
      stored();
      if (reloads) {
        tail.change(TailHarness.source(folder, new Multiline.Auto(), MAX, policy, UTF_16));
        tail.change(tail.source);
      } else {
        tail.crashAndRestart();
      }
      write("its third line\n");
      stored();
      write(time + "end\nand more of it\n");
      stored();

      assertThat(tail.bodies()).hasSize(policy == OnOversize.DROP ? 2 : 3);
      assertThat(tail.bodies()).startsWith("begin").endsWith("end\nand more of it");
    }
  }

  /// The beginning of a line that is longer than what is known of the file by is enough.
  @Test
  void aFileThatBeginsWithALineThatIsLeftOutHasItsParserFromThere() throws IOException {
    open(OnOversize.TRUNCATE, new Multiline.Auto(), UTF_8);
    tail.parsers = new AutoDetect(ZoneOffset.UTC)::parser;
    tail.crashAndRestart();
    String time = "2026-11-23 14:00:00.000 INFO  [main] com.example.Shop - ";
    write(time + "a".repeat(2 * MAX) + "\n");
    stored();
    tail.crashAndRestart();
    write("its second line\n");
    stored();
    write(time + "end\n");
    stored();

    assertThat(tail.bodies()).hasSize(2).endsWith("end");
  }

  @ParameterizedTest
  @EnumSource(
      value = OnOversize.class,
      names = {"TRUNCATE", "DROP"})
  void theRestOfALineThatContinuesOneIsLeftOutAfterAStopToo(OnOversize policy) throws IOException {
    open(policy, new Multiline.Auto(), UTF_8);
    write("begin\nhead\n " + "x".repeat(MAX) + "\n " + "y".repeat(MAX) + "\n");
    write(" ta");
    stored();
    tail.stopAndRestart();
    write("il\n tail\nend\n");
    stored();

    assertThat(tail.bodies()).startsWith("begin").endsWith("end");
    assertThat(tail.bodies()).hasSize(policy == OnOversize.DROP ? 2 : 3);
    assertThat(counted()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = OnOversize.class,
      names = {"TRUNCATE", "DROP"})
  void theRestOfALineIsLeftOutForADestinationThatIsBehindToo(OnOversize policy) throws IOException {
    open(policy, new Multiline.None(), UTF_8);
    tail.confirms = false;
    write("begin\n");
    // A full batch ends with the head, and not where the chunk does.
    write("x\n".repeat(FileTailer.MAX_BATCH_RECORDS - 1) + "a".repeat(MAX + 1));
    List<Positions> sent =
        tail.unconfirmed.stream()
            .map(each -> Objects.requireNonNull(Positions.decode(each.batch().positions())))
            .toList();
    List<String> bodies = tail.bodies();
    List<String> uids = tail.uids();
    assertThat(sent).hasSize(2);
    stored();
    tail.records.clear();

    tail.confirms = true;
    StartPositions start = new StartPositions(List.of("ahead", "behind"), false);
    start.told("ahead", new Committed(0, 0, new long[0], List.of(sent.getLast())));
    start.told("behind", new Committed(0, 0, new long[0], List.of(sent.getFirst())));
    tail.start = start;
    tail.crashAndRestart();
    write("aaa\nend\n");
    stored();

    assertThat(tail.bodies().subList(0, tail.bodies().size() - 1))
        .isEqualTo(bodies.subList(1, bodies.size()));
    assertThat(tail.uids().subList(0, tail.uids().size() - 1))
        .isEqualTo(uids.subList(1, uids.size()));
    assertThat(tail.bodies()).endsWith("end");
    assertThat(truncated().contains(true)).isEqualTo(policy == OnOversize.TRUNCATE);
  }
}

package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What every parser promises whatever it is given. A record's bytes lie somewhere in a buffer, and
/// nothing around them counts.
abstract class ParserContract {
  private static final long OBSERVED = 1_795_442_400_000_000_000L;
  private static final int LARGEST = 1 << 20;
  private static final byte[] LINE_END = {'\n'};

  /// What parsers look for, as it stands in texts and in JSON's strings.
  private static final List<String> PIECES =
      List.of(
          "\n\tfrom a.rb:1:in `b'",
          "\n\tat a.B.c(B.java:1)",
          "\n  File \"a.py\", line 1, in b",
          "Traceback (most recent call last):\n",
          "thread 'x' panicked at ",
          "panic: x\n\ngoroutine 1 [running]:\n",
          "Caused by: ",
          "a.b.SomeException: ",
          "\r\r\r",
          "\\n\\tfrom a.rb:1",
          "\\n\\tat a.B.c(B.java:1)",
          "\\r\\n",
          "\\u000a",
          ",\"stack_trace\":\"\\n\\tfrom a.rb:1\"",
          ",\"@x\":[\"\\n\",\"\\tfrom x\"]",
          "1970-01-01T00:00:10+01:00",
          "\u001b[31m",
          "[",
          "]",
          "=\"",
          "%");

  /// A new parser, as for a new file.
  abstract LineParser parser();

  /// Lines that it is for.
  abstract List<String> lines();

  private record Outcome(ParseResult result, List<String> calls) {}

  private static Outcome parse(LineParser parser, byte[] line) {
    return parse(parser, line, (byte) '<');
  }

  private static Outcome parse(LineParser parser, byte[] line, byte around) {
    byte[] buffer = new byte[line.length + 13];
    Arrays.fill(buffer, around);
    System.arraycopy(line, 0, buffer, 5, line.length);
    Outcome outcome = parse(parser, buffer, 5, line.length);
    // Nothing before it, and nothing behind it.
    parse(parser, line, 0, line.length);
    return outcome;
  }

  private static Outcome parse(LineParser parser, byte[] buffer, int offset, int length) {
    byte[] before = buffer.clone();
    CheckingSink sink = new CheckingSink();
    parser.observedAt(OBSERVED);
    parser.startsRecord(buffer, offset, length);
    parser.endsRecord(buffer, offset, length);
    int second = Ascii.indexOf(buffer, offset, offset + length, LINE_END);
    if (second >= 0) {
      parser.continuesException(buffer, offset, second + 1, offset + length - second - 1);
    }
    ParseResult result = parser.parse(buffer, offset, length, sink);
    assertThat(buffer).as("the record's own bytes").isEqualTo(before);
    if (result.parsed()) {
      assertThat(sink.isClosed()).isTrue();
    }
    assertThat(sink.calls.stream().filter(call -> call.startsWith("body=")).count())
        .as("bodies of %s", sink.calls)
        .isLessThanOrEqualTo(1);
    return new Outcome(result, sink.calls);
  }

  @Test
  void itsLinesParse() {
    for (String line : lines()) {
      Outcome outcome = parse(parser(), line.getBytes(UTF_8));
      assertThat(outcome.result).as(line).isEqualTo(ParseResult.PARSED);
      assertThat(outcome.calls).as(line).anyMatch(call -> call.startsWith("body="));
    }
  }

  @Test
  void theSameLineGivesTheSameFieldsWhateverLiesAroundIt() {
    for (String line : lines()) {
      byte[] bytes = line.getBytes(UTF_8);
      LineParser parser = parser();
      Outcome first = parse(parser, bytes, (byte) '<');
      assertThat(parse(parser, bytes, (byte) '7')).isEqualTo(first);
      assertThat(parse(parser, bytes, (byte) '"')).isEqualTo(first);
      assertThat(parse(parser, bytes, (byte) '\n')).isEqualTo(first);
      assertThat(parse(parser(), bytes, (byte) ' ')).isEqualTo(first);
    }
  }

  @Test
  void ofARecordsFurtherLinesNothingIsLost() {
    for (String line : lines()) {
      for (String end : List.of("\n", "\r\n")) {
        String record =
            String.join(
                end,
                line,
                "second-marker",
                "",
                "\tthird-marker",
                "a.b.SomeException: fourth-marker",
                "\tat a.b.C.d(fifth-marker)",
                "sixth-marker");
        Outcome outcome = parse(parser(), record.getBytes(UTF_8));
        String all = String.join("|", outcome.calls);
        if (outcome.result.parsed()) {
          assertThat(all)
              .as(record)
              .contains(
                  "second-marker", "third-marker", "fourth-marker", "fifth-marker", "sixth-marker");
        }
      }
    }
  }

  @Test
  void anyBytesAreSurvived() {
    LineParser parser = parser();
    for (String odd :
        List.of(
            "",
            " ",
            "\t",
            "\r",
            "\n",
            "\r\n",
            "\n\n\n",
            "\0",
            "\0\0\0\0\0\0\0\0\0",
            "{",
            "{}",
            "[",
            "<",
            "<1",
            "<999>",
            "\u001b",
            "\u001b[",
            "\u001b[31m",
            "\u00c3",
            "\u00ff\u00fe",
            "\u00e2\u0082",
            "\u00f0\u009f\u0098")) {
      assertThat(parse(parser, odd.getBytes(ISO_8859_1)).result.label()).isNotEmpty();
      for (String line : lines()) {
        parse(parser, (odd + line).getBytes(ISO_8859_1));
        parse(parser, (line + odd).getBytes(ISO_8859_1));
      }
    }
  }

  @Test
  void randomBytesAreSurvived() {
    Random random = new Random(7);
    LineParser parser = parser();
    for (int i = 0; i < 5_000; i++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      parse(parser, bytes);
    }
  }

  @Test
  void aRecordOfTheLargestSizeIsSurvivedWhateverItIsFullOf() {
    for (String unit :
        List.of(
            " ",
            "\0",
            "a",
            "[",
            "{",
            "\"",
            "{\"a\":",
            "=",
            ", ",
            " - ",
            "\n",
            "a.Error\n",
            "\tat ",
            "trace_id=",
            "[a,",
            "1",
            "\r",
            "\n\tfrom ",
            "\u001b[",
            "\\u12")) {
      String full = unit.repeat(LARGEST / unit.length());
      LineParser parser = parser();
      parse(parser, full.getBytes(UTF_8));
      String line = lines().getFirst();
      parse(parser, (line + full).getBytes(UTF_8));
      parse(parser, (line.substring(0, line.length() / 2) + full).getBytes(UTF_8));
    }
  }

  @Test
  void changedLinesKeepTheContract() {
    Random random = new Random(42);
    LineParser parser = parser();
    List<String> lines = lines();
    for (int i = 0; i < 20_000; i++) {
      byte[] line = lines.get(random.nextInt(lines.size())).getBytes(UTF_8);
      for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
        line = changed(line, random);
      }
      Outcome outcome = parse(parser, line);
      assertThat(outcome.result).isNotNull();
    }
  }

  private static byte[] changed(byte[] line, Random random) {
    if (line.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    int at = random.nextInt(line.length);
    return switch (random.nextInt(8)) {
      case 0 -> Arrays.copyOf(line, at);
      case 1 -> Arrays.copyOfRange(line, at, line.length);
      case 2 -> with(line, at, 1, new byte[0]);
      case 3 -> with(line, at, 0, new byte[] {(byte) random.nextInt()});
      case 4, 5 -> {
        byte[] piece = PIECES.get(random.nextInt(PIECES.size())).getBytes(ISO_8859_1);
        yield with(line, random.nextInt(4) == 0 ? 0 : at, 0, piece);
      }
      case 6 -> {
        int other = random.nextInt(line.length);
        byte[] piece = Arrays.copyOfRange(line, Math.min(at, other), Math.max(at, other));
        yield with(line, at, 0, piece);
      }
      default -> {
        byte[] flipped = line.clone();
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        yield flipped;
      }
    };
  }

  private static byte[] with(byte[] line, int at, int left, byte[] piece) {
    byte[] changed = Arrays.copyOf(line, line.length - left + piece.length);
    System.arraycopy(piece, 0, changed, at, piece.length);
    System.arraycopy(line, at + left, changed, at + piece.length, line.length - at - left);
    return changed;
  }

  @Test
  void aLineAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assumeThat(threads.isThreadAllocatedMemorySupported()).isTrue();
    byte[][] lines = lines().stream().map(line -> line.getBytes(UTF_8)).toArray(byte[][]::new);
    LineParser parser = parser();
    int rounds = 20_000;
    run(parser, lines, rounds);
    long before = threads.getCurrentThreadAllocatedBytes();
    run(parser, lines, rounds);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    // Less than a byte a line is what the measuring itself takes.
    assertThat(allocated / ((long) rounds * lines.length)).isZero();
  }

  private static void run(LineParser parser, byte[][] lines, int rounds) {
    for (int i = 0; i < rounds; i++) {
      for (byte[] line : lines) {
        parser.observedAt(OBSERVED);
        parser.startsRecord(line, 0, line.length);
        parser.parse(line, 0, line.length, Nowhere.SINK);
      }
    }
  }
}

package dev.pannier.benchmarks;

import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.parsers.Parsers;
import dev.pannier.parsers.RecordSink;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Parsers alone: 1 MiB of lines, whose ends are known, into a sink that adds up lengths.
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ParsingBenchmark {
  @Param({"raw", "logstash", "logback", "regex"})
  public String parser = "raw";

  private final Sum sum = new Sum();
  private byte[] lines = {};
  private int[] ends = {};
  private @Nullable LineParser parse;

  @Setup
  public void prepare() {
    lines = parser.equals("logstash") ? TestLines.json(1 << 20) : TestLines.text(1 << 20);
    int[] found = new int[lines.length];
    int count = 0;
    for (int i = 0; i < lines.length; i++) {
      if (lines[i] == '\n') {
        found[count++] = i;
      }
    }
    ends = java.util.Arrays.copyOf(found, count);
    parse = of(parser);
    int from = 0;
    for (int end : ends) {
      if (!parse.parse(lines, from, end - from, sum).parsed()) {
        throw new IllegalStateException(
            new String(lines, from, end - from, java.nio.charset.StandardCharsets.US_ASCII));
      }
      from = end + 1;
    }
  }

  /// The parser of [TestLines] with this name.
  public static LineParser of(String name) {
    ParserSpec spec =
        switch (name) {
          case "raw" -> new ParserSpec.Raw();
          case "logstash" -> new ParserSpec.Logstash();
          case "logback" -> new ParserSpec.Logback(TestLines.PATTERN);
          case "regex" -> new ParserSpec.Regex(TestLines.REGEX, TestLines.REGEX_TIME, null);
          default -> throw new IllegalArgumentException(name);
        };
    return Parsers.create(spec, ZoneOffset.UTC);
  }

  @Benchmark
  public long parse(Worked worked) {
    LineParser parser = Objects.requireNonNull(parse);
    int from = 0;
    for (int end : ends) {
      parser.parse(lines, from, end - from, sum);
      from = end + 1;
    }
    worked.bytes += lines.length;
    worked.records += ends.length;
    return sum.total;
  }

  /// Touches everything it is given, and keeps a number.
  private static final class Sum implements RecordSink {
    long total;

    @Override
    public void timestamp(long epochNanos) {
      total += epochNanos;
    }

    @Override
    public void severity(int number, byte[] text, int offset, int length) {
      total += number + offset + length;
    }

    @Override
    public void body(byte[] text, int offset, int length) {
      total += offset + length;
    }

    @Override
    public void logger(byte[] name, int offset, int length) {
      total += offset + length;
    }

    @Override
    public void traceId(long high, long low) {
      total += high ^ low;
    }

    @Override
    public void spanId(long id) {
      total += id;
    }

    @Override
    public void traceFlags(int flags) {
      total += flags;
    }

    @Override
    public void attribute(
        byte[] key, int keyOffset, int keyLength, byte[] text, int offset, int length) {
      total += keyOffset + keyLength + offset + length;
    }

    @Override
    public void attribute(byte[] key, int keyOffset, int keyLength, long value) {
      total += keyOffset + keyLength + value;
    }

    @Override
    public void attribute(byte[] key, int keyOffset, int keyLength, double value) {
      total += keyOffset + keyLength + Double.doubleToRawLongBits(value);
    }

    @Override
    public void attribute(byte[] key, int keyOffset, int keyLength, boolean value) {
      total += keyOffset + keyLength + (value ? 1 : 0);
    }

    @Override
    public void beginMap(byte[] key, int keyOffset, int keyLength) {
      total += keyOffset + keyLength;
    }

    @Override
    public void beginArray(byte[] key, int keyOffset, int keyLength) {
      total += keyOffset + keyLength;
    }

    @Override
    public void end() {
      total++;
    }
  }
}

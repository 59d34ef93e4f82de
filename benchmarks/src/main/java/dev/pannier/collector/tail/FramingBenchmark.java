package dev.pannier.collector.tail;

import dev.pannier.benchmarks.ParsingBenchmark;
import dev.pannier.benchmarks.TestLines;
import dev.pannier.benchmarks.Worked;
import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Anchor.Skip;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.shippers.batch.AttributesEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// A chunk of a file's bytes: searched for line ends, framed, and made into OTLP batches as the tail
/// loop does it.
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class FramingBenchmark {
  private static final byte[] NOTHING = {};

  /// A file of one parser, and the source it belongs to.
  @State(Scope.Thread)
  public static class ParsedFile {
    @Param({"raw", "logstash", "logback", "regex"})
    public String parser = "raw";

    private final BatchBuilder builder = new BatchBuilder(false);
    private final byte[] buffer = new byte[FileTailer.BATCH_BYTES];
    private byte[] chunk = NOTHING;
    private byte[] resource = NOTHING;
    private @Nullable TailedFile file;

    @Setup(Level.Trial)
    public void prepare() {
      chunk =
          parser.equals("logstash")
              ? TestLines.json(FileTailer.CHUNK_BYTES)
              : TestLines.text(FileTailer.CHUNK_BYTES);
      resource = AttributesEncoder.resource(Map.of("service.name", "checkout"));
      LineParser made = ParsingBenchmark.of(parser);
      TailSource source = source(made);
      TailedFile tailed =
          new TailedFile(
              source,
              1,
              2,
              Path.of("/var/log/app/app.log"),
              new FileKey(1, 2),
              Fingerprint.EMPTY,
              Anchor.START,
              1,
              0);
      tailed.charset = source.charset;
      tailed.parser = made;
      tailed.rule = source.rule(made, source.charset);
      file = tailed;
    }
  }

  private static TailSource source(LineParser parser) {
    FileSource settings =
        new FileSource(
            "app",
            List.of("/var/log/app/*.log"),
            List.of(),
            new ParserSpec.Raw(),
            new FileSource.Multiline.Auto(),
            Duration.ofMillis(100),
            FileSource.StartAt.BEGINNING,
            StandardCharsets.UTF_8,
            ZoneOffset.UTC,
            1 << 20,
            FileSource.OnOversize.SPLIT);
    return TailSource.of(settings, (head, length) -> parser, new Metrics());
  }

  private final TailSource source = source(ParsingBenchmark.of("raw"));
  private final Transcoder charset = source.charset;
  private final @Nullable LineStart rule = source.rule(ParsingBenchmark.of("raw"), charset);
  private final FileCursor cursor = new FileCursor();
  private final byte[] text = TestLines.text(FileTailer.CHUNK_BYTES);

  /// The newline scan alone.
  @Benchmark
  public int newlines(Worked worked) {
    int lines = 0;
    int at = 0;
    for (int hit = Bytes.newline(text, 0, text.length);
        hit >= 0;
        hit = Bytes.newline(text, at, text.length)) {
      at = hit + 1;
      lines++;
    }
    worked.bytes += text.length;
    worked.records += lines;
    return at;
  }

  /// Each line a record.
  @Benchmark
  public int lines(Worked worked) {
    return frame(null, worked);
  }

  /// With the question whether a line continues the one before it.
  @Benchmark
  public int records(Worked worked) {
    return frame(rule, worked);
  }

  private int frame(@Nullable LineStart joins, Worked worked) {
    RecordFramer framer = source.framer;
    charset.expect(text, 0, text.length);
    framer.reset(text, 0, text.length, cursor, charset, joins, true, Skip.NOTHING, true);
    int records = 0;
    while (framer.next()) {
      records++;
    }
    worked.bytes += text.length;
    worked.records += records;
    return framer.end();
  }

  /// Framed, parsed, and written as OTLP, `multiline: auto`.
  @Benchmark
  public @Nullable Object batches(ParsedFile parsed, Worked worked) {
    TailedFile file = Objects.requireNonNull(parsed.file);
    Transcoder charset = file.source.charset;
    LineParser parser = Objects.requireNonNull(file.parser);
    RecordFramer framer = file.source.framer;
    BatchBuilder builder = parsed.builder;
    byte[] chunk = parsed.chunk;
    charset.expect(chunk, 0, chunk.length);
    framer.reset(chunk, 0, chunk.length, file.cursor, charset, file.rule, true, Skip.NOTHING, true);
    builder.start(parsed.buffer, parsed.resource);
    Object last = null;
    while (framer.next()) {
      int start = framer.start();
      int end = framer.end();
      charset.toUtf8(chunk, start, end);
      while (!builder.add(
              file,
              parser,
              charset.bytes(),
              charset.from(),
              charset.to() - charset.from(),
              chunk,
              start,
              end - start,
              false,
              start,
              1)
          || builder.records() == FileTailer.MAX_BATCH_RECORDS) {
        boolean added = builder.records() == FileTailer.MAX_BATCH_RECORDS;
        last = builder.finish("app", file.key, NOTHING);
        builder.start(parsed.buffer, parsed.resource);
        if (added) {
          break;
        }
      }
      worked.records++;
    }
    worked.bytes += chunk.length;
    return last == null ? builder.finish("app", file.key, NOTHING) : last;
  }
}

package dev.pannier.collector.tail;

import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParseResult;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// One entry of `sources.files` at work: what its files share.
final class TailSource {
  final FileSource settings;
  final Globs globs;
  final RecordFramer framer;
  final Transcoder charset;
  final ParserChooser parsers;
  final LongAdder records;
  final LongAdder bytes;
  final LongAdder badCharacters;
  final LongAdder lostBytes;
  final LongAdder holeBytes;
  final LongAdder deletedFiles;
  final LongAdder oversize;
  private final Map<ParseResult, LongAdder> unparsed = new EnumMap<>(ParseResult.class);
  private final @Nullable LineStart explicitRule;

  /// @param explicitRule the rule of `multiline.start` or `multiline.continue`, else null
  TailSource(
      FileSystem fileSystem,
      FileSource settings,
      ParserChooser parsers,
      @Nullable LineStart explicitRule,
      Metrics metrics) {
    this.settings = settings;
    this.parsers = parsers;
    this.explicitRule = explicitRule;
    globs = new Globs(fileSystem, settings.include(), settings.exclude());
    framer = new RecordFramer(settings.maxRecord(), settings.onOversize());
    charset = Transcoder.of(settings.charset());
    records = metrics.adder(Counter.SOURCE_RECORDS, name());
    bytes = metrics.adder(Counter.SOURCE_BYTES, name());
    badCharacters = metrics.adder(Counter.SOURCE_BAD_CHARACTERS, name());
    lostBytes = metrics.adder(Counter.SOURCE_LOST_BYTES, name());
    holeBytes = metrics.adder(Counter.SOURCE_HOLE_BYTES, name());
    deletedFiles = metrics.adder(Counter.SOURCE_DELETED_FILES, name());
    oversize =
        metrics.adder(
            Counter.SOURCE_OVERSIZE, name(), settings.onOversize().name().toLowerCase(Locale.ROOT));
    for (ParseResult result : EnumSet.complementOf(EnumSet.of(ParseResult.PARSED))) {
      unparsed.put(result, metrics.adder(Counter.SOURCE_UNPARSED, name(), result.label()));
    }
  }

  static TailSource of(FileSource settings, ParserChooser parsers, Metrics metrics) {
    return new TailSource(
        FileSystems.getDefault(), settings, parsers, LinePattern.of(settings.multiline()), metrics);
  }

  /// Whether its rotated files go once they are shipped.
  boolean deletes() {
    return settings.deletes();
  }

  String name() {
    return settings.name();
  }

  /// Whether it makes the same records of a file as another.
  boolean readsAs(TailSource other) {
    return settings.parser().equals(other.settings.parser())
        && settings.zone().equals(other.settings.zone())
        && settings.charset().equals(other.settings.charset())
        && settings.multiline().equals(other.settings.multiline());
  }

  LongAdder unparsed(ParseResult result) {
    return Objects.requireNonNull(unparsed.get(result));
  }

  /// The rule that joins a file's lines; null where each line is a record.
  @Nullable LineStart rule(LineParser parser, Transcoder fileCharset) {
    // Without a pattern in the configuration there is no explicit rule, so `none` is null here.
    return settings.multiline() instanceof FileSource.Multiline.Auto
        ? new ParserRule(parser, fileCharset)
        : inUtf8(fileCharset);
  }

  private @Nullable LineStart inUtf8(Transcoder fileCharset) {
    LineStart rule = explicitRule;
    return rule == null
        ? null
        : (buffer, offset, length) -> {
          fileCharset.toUtf8(buffer, offset, offset + length);
          return rule.startsRecord(
              fileCharset.bytes(), fileCharset.from(), fileCharset.to() - fileCharset.from());
        };
  }

  /// `multiline: auto`: the parser says what belongs together.
  private static final class ParserRule implements LineStart {
    private final LineParser parser;
    private final Transcoder charset;
    private final boolean[] firstBytes;

    ParserRule(LineParser parser, Transcoder charset) {
      this.parser = parser;
      this.charset = charset;
      firstBytes = charset.unit() == 1 ? new boolean[128] : NONE;
      for (int i = 0; i < firstBytes.length; i++) {
        firstBytes[i] = i != '\n' && i != '\r' && parser.startsRecord((byte) i);
      }
    }

    @Override
    public boolean[] firstBytes() {
      return firstBytes;
    }

    @Override
    public boolean startsRecord(byte[] buffer, int offset, int length) {
      charset.toUtf8(buffer, offset, offset + length);
      return parser.startsRecord(charset.bytes(), charset.from(), charset.to() - charset.from());
    }

    @Override
    public boolean continuesException(byte[] buffer, int record, int line, int length) {
      return charset.unit() == 1 && parser.continuesException(buffer, record, line, length);
    }

    @Override
    public boolean endsRecord(byte[] buffer, int offset, int length) {
      charset.toUtf8(buffer, offset, offset + length);
      return parser.endsRecord(charset.bytes(), charset.from(), charset.to() - charset.from());
    }
  }
}

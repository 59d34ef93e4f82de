package dev.pannier.collector.config;

import dev.pannier.parsers.ParserSpec;
import java.nio.charset.Charset;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;

/// One entry of `sources.files`.
///
/// @param name       the source's name in metrics and `/status`
/// @param include    absolute globs: `*`, `?`, `[a-z]`, `{a,b}` within a name, `**` across folders
/// @param exclude    globs that take away from `include`
/// @param flushAfter how long a complete line that might go on in the next one waits
/// @param startAt    where to begin in a file that was never seen before
/// @param zone       for times without a zone, where the parser has none of its own
/// @param maxRecord  bytes of a record, above which `onOversize` decides
/// @param afterShipped what becomes of a rotated file of which every byte is confirmed
public record FileSource(
    String name,
    List<String> include,
    List<String> exclude,
    ParserSpec parser,
    Multiline multiline,
    Duration flushAfter,
    StartAt startAt,
    Charset charset,
    ZoneId zone,
    int maxRecord,
    OnOversize onOversize,
    AfterShipped afterShipped) {
  static final String DEFAULT_INCLUDE = "/var/log/app/*.log";

  /// A source that keeps its files.
  public FileSource(
      String name,
      List<String> include,
      List<String> exclude,
      ParserSpec parser,
      Multiline multiline,
      Duration flushAfter,
      StartAt startAt,
      Charset charset,
      ZoneId zone,
      int maxRecord,
      OnOversize onOversize) {
    this(
        name,
        include,
        exclude,
        parser,
        multiline,
        flushAfter,
        startAt,
        charset,
        zone,
        maxRecord,
        onOversize,
        AfterShipped.KEEP);
  }

  /// Whether it is over the place that is tailed when nobody says what. An application that sends
  /// OTLP alone has no such folder.
  public boolean isOverDefaultFolder() {
    return include.equals(List.of(DEFAULT_INCLUDE));
  }

  /// Whether its rotated files go once they are shipped.
  public boolean deletes() {
    return afterShipped == AfterShipped.DELETE;
  }

  FileSource withParser(ParserSpec other) {
    return new FileSource(
        name,
        include,
        exclude,
        other,
        multiline,
        flushAfter,
        startAt,
        charset,
        zone,
        maxRecord,
        onOversize,
        afterShipped);
  }

  public enum AfterShipped {
    KEEP,
    DELETE
  }

  public enum StartAt {
    BEGINNING,
    END
  }

  public enum OnOversize {
    SPLIT,
    TRUNCATE,
    DROP
  }

  /// How lines are joined to records.
  public sealed interface Multiline {
    /// The parser says what begins a record.
    record Auto() implements Multiline {}

    /// Each line is a record.
    record None() implements Multiline {}

    /// A line that matches begins a record.
    record Start(String pattern) implements Multiline {}

    /// A line that matches continues the record before it.
    record Continue(String pattern) implements Multiline {}
  }
}

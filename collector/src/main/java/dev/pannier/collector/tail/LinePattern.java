package dev.pannier.collector.tail;

import dev.pannier.collector.config.FileSource.Multiline;
import dev.pannier.parsers.LineMatcher;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// `multiline.start` or `multiline.continue`: a regular expression, found anywhere in the line,
/// tells whether it begins or continues a record. A line that takes too long to tell begins one.
final class LinePattern implements LineStart {
  /// For one line; a pattern that backtracks without end must not hold up a source.
  static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final LineMatcher matcher;
  private final boolean continues;

  private LinePattern(String pattern, boolean continues) {
    matcher = LineMatcher.of(pattern, LONGEST_NANOS);
    this.continues = continues;
  }

  /// @return null where the configuration names no pattern
  static @Nullable LinePattern of(Multiline multiline) {
    if (multiline instanceof Multiline.Start(String pattern)) {
      return new LinePattern(pattern, false);
    }
    return multiline instanceof Multiline.Continue(String pattern)
        ? new LinePattern(pattern, true)
        : null;
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    return switch (matcher.find(buffer, offset, length)) {
      case YES -> !continues;
      case NO -> continues;
      case UNREADABLE, TIMED_OUT -> true;
    };
  }
}

package dev.pannier.collector.tail;

import dev.pannier.collector.config.FileSource.Multiline;
import dev.pannier.parsers.Expression;
import java.util.concurrent.TimeUnit;
import org.joni.Matcher;
import org.joni.Option;
import org.joni.Regex;
import org.joni.exception.TimeoutException;
import org.jspecify.annotations.Nullable;

/// `multiline.start` or `multiline.continue`: a regular expression, found anywhere in the line,
/// tells whether it begins or continues a record. A line that takes too long to tell begins one.
final class LinePattern implements LineStart {
  /// For one line; a pattern that backtracks without end must not hold up a source.
  static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Regex regex;
  private final boolean continues;

  private LinePattern(String pattern, boolean continues) {
    regex = Expression.compile(pattern);
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
    int end = offset + length;
    Matcher matcher = regex.matcher(buffer, offset, end, LONGEST_NANOS);
    try {
      boolean found = matcher.searchInterruptible(offset, end, Option.NONE) >= 0;
      return continues != found;
    } catch (TimeoutException | IndexOutOfBoundsException e) {
      // The latter from bytes that are no UTF-8: Joni looks up its tables with what follows from
      // them.
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}

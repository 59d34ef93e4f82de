package dev.pannier.collector.process;

import dev.pannier.parsers.BadParserException;
import dev.pannier.parsers.Expression;
import java.util.concurrent.TimeUnit;
import org.joni.Matcher;
import org.joni.Option;
import org.joni.Regex;
import org.joni.exception.TimeoutException;

/// A regular expression of the user's, in Java's syntax, with a bound on its time, for a search and for a batch ([#within]). What could not
/// be searched within it (or is no UTF-8) counts as one match: it may hold what must not be shipped.
final class CustomPattern implements SecretPattern {
  /// For one search; a pattern that backtracks without end must not hold up a source.
  static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Regex regex;
  private final SearchTime time;

  private CustomPattern(Regex regex, SearchTime time) {
    this.regex = regex;
    this.time = time;
  }

  /// @throws IllegalArgumentException if it is no regular expression
  static CustomPattern of(String expression) {
    try {
      return new CustomPattern(Expression.compile(expression), new SearchTime(() -> 0));
    } catch (BadParserException e) {
      throw new IllegalArgumentException(
          "not a regular expression: " + e.getMessage() + " (" + expression + ")", e);
    }
  }

  /// The same for the strings of one batch.
  CustomPattern within(SearchTime batch) {
    return new CustomPattern(regex, batch);
  }

  @Override
  public long find(byte[] bytes, int start, int from, int end) {
    Matcher matcher = regex.matcher(bytes, start, end, LONGEST_NANOS);
    int at = from;
    try {
      while (at < end) {
        if (time.isSpent()) {
          return SecretPattern.match(from, end);
        }
        int found = search(matcher, at, end);
        if (found < 0) {
          return NONE;
        }
        int first = start + matcher.getBegin();
        int matchEnd = start + matcher.getEnd();
        if (matchEnd > first) {
          return SecretPattern.match(first, matchEnd);
        }
        // An empty match hides nothing: go on behind the next character.
        at = first + 1;
        while (at < end && (bytes[at] & 0xC0) == 0x80) {
          at++;
        }
      }
      return NONE;
    } catch (TimeoutException | IndexOutOfBoundsException e) {
      return SecretPattern.match(from, end);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return SecretPattern.match(from, end);
    }
  }

  private int search(Matcher matcher, int at, int end) throws InterruptedException {
    long since = time.now();
    try {
      return matcher.searchInterruptible(at, end, Option.NONE);
    } finally {
      time.searched(since);
    }
  }
}

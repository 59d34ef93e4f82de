package dev.pannier.collector.config;

import dev.pannier.parsers.BadParserException;
import dev.pannier.parsers.Expression;
import java.util.concurrent.TimeUnit;
import org.joni.Matcher;
import org.joni.Option;
import org.joni.exception.TimeoutException;

/// Checks regular expressions with the engine that will run them: see [Expression].
final class Expressions {
  private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private Expressions() {}

  /// Tells where the text does not compile, or matches where there is nothing.
  static void check(String expression, Value value, boolean mayMatchNothing) {
    try {
      Matcher matcher = Expression.compile(expression).matcher(new byte[0], 0, 0, LONGEST_NANOS);
      if (!mayMatchNothing && matcher.searchInterruptible(0, 0, Option.NONE) >= 0) {
        value.problem("matches the empty text");
      }
    } catch (TimeoutException e) {
      value.problem("takes too long already on the empty text");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (BadParserException e) {
      value.problem("no regular expression: " + e.getMessage());
    }
  }
}

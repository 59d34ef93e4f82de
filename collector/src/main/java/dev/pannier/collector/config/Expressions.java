package dev.pannier.collector.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.jcodings.specific.UTF8Encoding;
import org.joni.Option;
import org.joni.Regex;
import org.joni.Syntax;
import org.joni.exception.JOniException;

/// Checks regular expressions with the engine that will run them: Joni, in Java's syntax, on UTF-8.
final class Expressions {
  private Expressions() {}

  /// Tells where the text does not compile, or matches where there is nothing.
  static void check(String expression, Value value, boolean mayMatchNothing) {
    byte[] bytes = expression.getBytes(UTF_8);
    try {
      Regex regex =
          new Regex(bytes, 0, bytes.length, Option.NONE, UTF8Encoding.INSTANCE, Syntax.Java);
      if (!mayMatchNothing && regex.matcher(new byte[0]).search(0, 0, Option.NONE) >= 0) {
        value.problem("matches the empty text");
      }
    } catch (JOniException e) {
      value.problem("no regular expression: " + e.getMessage());
    }
  }
}

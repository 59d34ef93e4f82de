package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Objects;
import org.jcodings.exception.JCodingsException;
import org.jcodings.specific.NonStrictUTF8Encoding;
import org.joni.Option;
import org.joni.Regex;
import org.joni.Syntax;
import org.joni.WarnCallback;
import org.joni.constants.SyntaxProperties;
import org.joni.exception.JOniException;

/// The one place where a regular expression of the user's is compiled: Joni, in Java's syntax, on
/// UTF-8. Whatever the text, it ends soon, prints nothing, and throws nothing but what it says.
public final class Expression {
  /// In characters. What Joni makes of a pattern grows with it, and the stack that it needs.
  static final int LONGEST = 8192;

  /// Java's, but for `\Q…\E`: on some of these Joni's own reading never ends.
  private static final Syntax SYNTAX =
      new Syntax(
          "Java",
          Syntax.Java.op,
          Syntax.Java.op2 & ~SyntaxProperties.OP2_ESC_CAPITAL_Q_QUOTE,
          Syntax.Java.op3,
          Syntax.Java.behavior,
          Syntax.Java.options,
          Syntax.Java.metaCharTable);

  private Expression() {}

  /// @throws BadParserException that says why the text is no regular expression
  public static Regex compile(String text) {
    return compile(text, Option.NONE);
  }

  /// For a text of several lines: a dot is any character.
  static Regex compileForLines(String text) {
    return compile(text, Option.MULTILINE);
  }

  private static Regex compile(String text, int options) {
    if (text.length() > LONGEST) {
      throw new BadParserException("longer than " + LONGEST + " characters");
    }
    byte[] bytes = unquoted(text).getBytes(UTF_8);
    try {
      return new Regex(
          bytes,
          0,
          bytes.length,
          options,
          NonStrictUTF8Encoding.INSTANCE,
          SYNTAX,
          WarnCallback.NONE);
    } catch (JOniException | JCodingsException e) {
      throw new BadParserException(Objects.requireNonNullElse(e.getMessage(), "malformed"));
    } catch (StackOverflowError e) {
      throw new BadParserException("nested too deeply");
    } catch (IllegalArgumentException e) {
      // Joni puts the name into its message with replaceAll, where $ and \ have a meaning.
      throw new BadParserException("malformed, at the name of a group or of a property");
    } catch (IndexOutOfBoundsException | NullPointerException e) {
      // The latter where nothing is to come a number of times: (?:){2}
      throw new BadParserException("malformed");
    }
  }

  /// `\Q…\E` as escapes, with Java's meaning: a quotation without its end goes to the text's end.
  private static String unquoted(String text) {
    if (!text.contains("\\Q") && !text.contains("\\E")) {
      return text;
    }
    StringBuilder result = new StringBuilder(text.length() * 2);
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c != '\\' || at + 1 == text.length()) {
        result.append(c);
        at++;
      } else if (text.charAt(at + 1) == 'Q') {
        int end = text.indexOf("\\E", at + 2);
        int quotedEnd = end < 0 ? text.length() : end;
        quote(text, at + 2, quotedEnd, result);
        at = end < 0 ? quotedEnd : end + 2;
      } else if (text.charAt(at + 1) == 'E') {
        throw new BadParserException("\\E without a \\Q before it");
      } else {
        result.append(c).append(text.charAt(at + 1));
        at += 2;
      }
    }
    return result.toString();
  }

  private static void quote(String text, int from, int to, StringBuilder result) {
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      boolean digit = c >= '0' && c <= '9';
      if (digit && i == from) {
        // Behind a \1, say, it would be one number with it.
        result.append("\\x3").append(c);
      } else {
        boolean plain = digit || c >= 0x80 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        result.append(plain ? "" : "\\").append(c);
      }
    }
  }
}

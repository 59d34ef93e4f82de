package dev.pannier.collector.logging;

import dev.pannier.collector.config.Secrets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Hides secrets in whatever is logged, whoever logs it: `name=value` and `name: value` where the
/// name ends as a secret's does ([Secrets#isSecret]), `Authorization`, bearer tokens, and the user
/// in a URI.
final class Masking {
  /// A longer text is cut: what one line of the log may hold is bounded.
  static final int MAX_CHARACTERS = 16 * 1024;

  /// To the end of the line: where a value with quotes, escapes and `;` ends is not for an
  /// expression to know.
  private static final Pattern JAAS =
      Pattern.compile("(?i)(jaas\\.config[\"']?\\s{0,4}[=:]\\s{0,4}).+");

  /// A quoted value ends at a quote without `\` before it; one that was cut, with the text. Lazy
  /// loops over one character at a time, which take no stack.
  private static final String QUOTED =
      "\"[\\s\\S]*?(?:(?<!\\\\)\"|\\z)|'[\\s\\S]*?(?:(?<!\\\\)'|\\z)";

  private static final Pattern NAMED =
      Pattern.compile(
          "(?i)((?:password|secret|key|token|authorization)[\"']?\\s{0,4}[=:]\\s{0,4})"
              + "(?:(?:bearer|basic)\\s{1,4})?"
              + "(?:"
              + QUOTED
              + "|[^\\s,;})\\]&\"']++)");

  private static final Pattern BEARER =
      Pattern.compile("(?i)\\b((?:bearer|basic) {1,4})[A-Za-z0-9+/=._~-]{8,}");

  /// The user and password of a URI (RFC 3986, section 3.2.1).
  private static final Pattern USER_INFO = Pattern.compile("(://)[^\\s/?#@\"']++(?=@)");

  private Masking() {}

  /// @return the text without its secrets, at most [#MAX_CHARACTERS] and one long
  static String mask(String text) {
    String masked = text;
    if (text.length() > MAX_CHARACTERS) {
      masked = text.substring(0, MAX_CHARACTERS) + "…";
    }
    if (mayHoldSecret(masked)) {
      String mask = "$1" + Matcher.quoteReplacement(Secrets.MASK);
      masked = JAAS.matcher(masked).replaceAll(mask);
      masked = NAMED.matcher(masked).replaceAll(mask);
      masked = BEARER.matcher(masked).replaceAll(mask);
      masked = USER_INFO.matcher(masked).replaceAll(mask);
    }
    return masked;
  }

  /// Spares the expressions where no name can be followed by a value, and no scheme by a token.
  private static boolean mayHoldSecret(String text) {
    return text.indexOf('=') >= 0 || text.indexOf(':') >= 0 || text.indexOf(' ') >= 0;
  }
}

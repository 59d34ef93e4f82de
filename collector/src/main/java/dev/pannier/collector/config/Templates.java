package dev.pannier.collector.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Checks the templates of topics and paths: text with `${resource:KEY}` and `${attribute:KEY}`.
final class Templates {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(?:([^}]*)})?");
  private static final Pattern KNOWN = Pattern.compile("(?:resource|attribute):[^:}]+");

  private Templates() {}

  static void check(String template, Value value) {
    Matcher matcher = PLACEHOLDER.matcher(template);
    while (matcher.find()) {
      String inside = matcher.group(1);
      if (inside == null) {
        value.problem("${ without its }");
      } else if (!KNOWN.matcher(inside).matches()) {
        value.problem("unknown ${" + inside + "}, known are ${resource:KEY}, ${attribute:KEY}");
      }
    }
  }
}

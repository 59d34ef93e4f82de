package dev.pannier.inject.yaml;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// How what is added to a document is written, so that it looks like the rest of it.
///
/// @param listOffset how much further in than their key the dashes of a list are
/// @param json       whether all in brackets is JSON
record Style(int listOffset, boolean json) {
  private static final int STEP = 2;

  /// Neither a number nor anything else than a text, to YAML 1.1 and 1.2.
  private static final Pattern PLAIN =
      Pattern.compile(
          "(-{0,2}[A-Za-z/][A-Za-z0-9_./@=-]*(:[A-Za-z0-9_./@=-]+)*)|([1-9][0-9]*(m|s|Mi|MiB))");

  private static final Set<String> WORDS =
      Set.of("true", "false", "yes", "no", "on", "off", "y", "n", "null");

  private static final String ENDS = "\n";

  static Style of(Node document, Layout layout) {
    return new Style(
        Math.max(0, listOffset(document, layout)),
        document instanceof Node.Mapping mapping && mapping.flow());
  }

  /// As in the document's first list in block style; -1 where it has none.
  private static int listOffset(Node node, Layout layout) {
    if (node instanceof Node.Sequence sequence) {
      for (Node item : sequence.items()) {
        int offset = listOffset(item, layout);
        if (offset >= 0) {
          return offset;
        }
      }
    } else if (node instanceof Node.Mapping mapping && !mapping.flow()) {
      for (Node.Entry entry : mapping.entries()) {
        int offset =
            entry.value() instanceof Node.Sequence sequence && !sequence.flow()
                ? layout.column(layout.dash(sequence, 0)) - layout.column(entry.key().start())
                : listOffset(entry.value(), layout);
        if (offset >= 0) {
          return offset;
        }
      }
    }
    return -1;
  }

  /// Appends `key: value`, with the lines that belong to it.
  void entry(StringBuilder lines, int indent, String key, @Nullable Object value) {
    lines.repeat(' ', indent).append(plain(key)).append(':');
    if ((value instanceof Map<?, ?> map && !map.isEmpty())
        || (value instanceof List<?> list && !list.isEmpty())) {
      lines.append(ENDS);
      below(lines, indent, value);
    } else {
      lines.append(' ').append(single(value)).append(ENDS);
    }
  }

  /// Appends what stands in the lines below a key.
  ///
  /// @param indent of the key
  /// @param value  a map or a list
  void below(StringBuilder lines, int indent, Object value) {
    if (value instanceof Map<?, ?> map) {
      map.forEach((name, each) -> entry(lines, indent + STEP, Objects.toString(name), each));
    } else if (value instanceof List<?> list) {
      list.forEach(each -> item(lines, indent + listOffset, each));
    }
  }

  /// Appends `- value`, with the lines that belong to it.
  void item(StringBuilder lines, int indent, @Nullable Object value) {
    if (value instanceof Map<?, ?> map && !map.isEmpty()) {
      int start = lines.length();
      map.forEach((name, each) -> entry(lines, indent + STEP, Objects.toString(name), each));
      lines.setCharAt(start + indent, '-');
    } else {
      lines.repeat(' ', indent).append("- ").append(single(value)).append(ENDS);
    }
  }

  private static String single(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Map<?, ?> ignored -> "{}";
      case List<?> ignored -> "[]";
      case String text -> plain(text);
      default -> value.toString();
    };
  }

  private static String plain(String text) {
    return PLAIN.matcher(text).matches() && !WORDS.contains(text.toLowerCase(Locale.ROOT))
        ? text
        : quoted(text);
  }

  /// As a key in braces.
  String flowKey(String key) {
    return json || key.indexOf(':') >= 0 ? quoted(key) : plain(key);
  }

  /// On one line.
  String flow(@Nullable Object value) {
    return flow(value, "", "");
  }

  /// @param newLine a line's end and the blanks that the next one begins with; empty for one line alone
  /// @param step    more blanks for what is further in
  String flow(@Nullable Object value, String newLine, String step) {
    String inner = newLine.isEmpty() ? "" : newLine + step;
    String between = newLine.isEmpty() ? ", " : "," + inner;
    StringBuilder written = new StringBuilder();
    if (value instanceof Map<?, ?> map && !map.isEmpty()) {
      map.forEach(
          (name, each) ->
              written
                  .append(written.isEmpty() ? "{" + inner : between)
                  .append(flowKey(Objects.toString(name)))
                  .append(": ")
                  .append(flow(each, inner, step)));
      return written.append(newLine).append('}').toString();
    }
    if (value instanceof List<?> list && !list.isEmpty()) {
      list.forEach(
          each ->
              written
                  .append(written.isEmpty() ? "[" + inner : between)
                  .append(flow(each, inner, step)));
      return written.append(newLine).append(']').toString();
    }
    return value instanceof String text ? flowKey(text) : single(value);
  }

  /// A JSON text, which is one of YAML in double quotes, too.
  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\t' -> quoted.append("\\t");
        default -> {
          if (Character.isISOControl(c) || c == '\uFEFF' || c == '\u2028' || c == '\u2029') {
            quoted.append("\\u").append(String.format("%04x", (int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append('"').toString();
  }
}

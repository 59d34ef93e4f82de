package dev.pannier.inject;

import java.util.List;
import java.util.Map;
import java.util.Random;

/// Writes a manifest's tree as people, tools and charts do: in block style or in brackets, with comments, quotes, blank lines and
/// literal texts anywhere, or as JSON.
final class ManifestWriter {
  private static final List<String> COMMENTS =
      List.of("# why", "# - name: old", "#", "# \"quoted: {\"", "# ümläut 😀");

  private final Random random;
  private final boolean json;
  private final boolean compact;
  private final boolean tabs;
  private final int listOffset;
  private final int step;
  private final int commentsIn100;
  private final int flowIn100;

  ManifestWriter(Random random) {
    this.random = random;
    json = random.nextInt(5) == 0;
    compact = random.nextInt(3) == 0;
    tabs = random.nextBoolean();
    listOffset = random.nextBoolean() ? 0 : 2;
    step = random.nextInt(4) == 0 ? 4 : 2;
    commentsIn100 = random.nextBoolean() ? 0 : 15;
    flowIn100 = random.nextBoolean() ? 0 : 20;
  }

  String write(Map<String, Object> manifest) {
    StringBuilder text = new StringBuilder();
    if (json) {
      json(text, manifest, 0);
      text.append('\n');
    } else {
      if (random.nextInt(3) == 0) {
        text.append(random.nextBoolean() ? "---\n" : "# head\n---\n");
      }
      block(text, manifest, 0);
    }
    String written = text.toString();
    if (random.nextInt(4) == 0) {
      written = written.stripTrailing();
    } else if (random.nextInt(6) == 0 && !json) {
      written += random.nextBoolean() ? "...\n" : "\n# end\n";
    }
    return switch (random.nextInt(9)) {
      case 0 -> written.replace("\n", "\r\n");
      case 1 -> written.replace("\n", "\r");
      default -> written;
    };
  }

  private boolean once(int in100) {
    return random.nextInt(100) < in100;
  }

  private void block(StringBuilder text, Map<?, ?> map, int indent) {
    map.forEach(
        (key, value) -> {
          aside(text, indent);
          text.repeat(' ', indent);
          entry(text, String.valueOf(key), value, indent);
        });
  }

  private void entry(StringBuilder text, String key, Object value, int indent) {
    text.append(random.nextInt(10) == 0 ? '"' + key + '"' : key).append(':');
    behind(text, value, indent, listOffset);
  }

  /// What follows a key's colon.
  private void behind(StringBuilder text, Object value, int indent, int offset) {
    boolean isFlow = once(flowIn100) && !hasNothing(value);
    if (value instanceof Map<?, ?> map && !map.isEmpty() && !isFlow) {
      end(text);
      block(text, map, indent + step);
    } else if (value instanceof List<?> list && !list.isEmpty() && !isFlow) {
      end(text);
      for (Object item : list) {
        aside(text, indent + offset);
        text.repeat(' ', indent + offset).append('-');
        item(text, item, indent + offset);
      }
    } else if (value instanceof Nothing) {
      end(text);
    } else if (value instanceof Null) {
      text.append(random.nextInt(4) == 0 ? "   " : " ");
      flow(text, value);
      end(text);
    } else if (value instanceof String lines && lines.contains("\n")) {
      String style = random.nextBoolean() ? "|" : "|-";
      text.append(' ').append(style).append('\n');
      lines.lines().forEach(line -> text.repeat(' ', indent + step).append(line).append('\n'));
      text.append(random.nextBoolean() ? "" : "\n");
    } else {
      text.append(random.nextInt(10) == 0 ? '\t' : ' ');
      flow(text, value);
      end(text);
    }
  }

  private void item(StringBuilder text, Object item, int indent) {
    if (item instanceof Map<?, ?> map && !map.isEmpty() && !(once(flowIn100) && !hasNothing(map))) {
      boolean first = true;
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        if (first && once(commentsIn100 / 2)) {
          text.append(" # an item\n").repeat(' ', indent + 2);
        } else if (first) {
          text.append(' ');
        } else {
          aside(text, indent + 2);
          text.repeat(' ', indent + 2);
        }
        first = false;
        entry(text, String.valueOf(entry.getKey()), entry.getValue(), indent + 2);
      }
    } else {
      text.append(' ');
      flow(text, item);
      end(text);
    }
  }

  /// A comment or a blank line of its own.
  private void aside(StringBuilder text, int indent) {
    if (once(commentsIn100)) {
      text.repeat(' ', random.nextBoolean() ? indent : 0).append(comment()).append('\n');
    } else if (once(commentsIn100)) {
      text.append('\n');
    }
  }

  private void end(StringBuilder text) {
    text.append(once(commentsIn100) ? "  " + comment() : "").append('\n');
  }

  private String comment() {
    return COMMENTS.get(random.nextInt(COMMENTS.size()));
  }

  /// A bare `key:` in brackets cannot be added to.
  private static boolean hasNothing(Object value) {
    return switch (value) {
      case Nothing ignored -> true;
      case Map<?, ?> map -> map.values().stream().anyMatch(ManifestWriter::hasNothing);
      case List<?> list -> list.stream().anyMatch(ManifestWriter::hasNothing);
      default -> false;
    };
  }

  private void flow(StringBuilder text, Object value) {
    String space = random.nextInt(4) == 0 ? " " : "";
    switch (value) {
      case Map<?, ?> map -> {
        text.append('{').append(space);
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          text.append(separator).append(quoted(String.valueOf(entry.getKey()))).append(": ");
          flow(text, entry.getValue());
          separator = ", ";
        }
        text.append(space).append('}');
      }
      case List<?> list -> {
        text.append('[').append(space);
        String separator = "";
        for (Object item : list) {
          text.append(separator);
          flow(text, item);
          separator = "," + (random.nextBoolean() ? " " : "");
        }
        text.append(space).append(']');
      }
      case String string -> text.append(quoted(string));
      case Null written -> text.append(written.text());
      default -> text.append(value);
    }
  }

  private String quoted(String text) {
    return text.matches("[A-Za-z/][A-Za-z0-9./-]*") && !text.equals("true") && random.nextBoolean()
        ? text
        : json(text);
  }

  private static String json(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }

  private void json(StringBuilder text, Object value, int indent) {
    String line = compact ? "" : "\n" + indentation(indent + step);
    String end = compact ? "" : "\n" + indentation(indent);
    switch (value) {
      case Map<?, ?> map when !map.isEmpty() -> {
        String separator = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          text.append(separator).append(line).append(json(String.valueOf(entry.getKey())));
          text.append(compact ? ":" : tabs ? ":\t" : ": ");
          json(text, entry.getValue(), indent + step);
          separator = ",";
        }
        text.append(end).append('}');
      }
      case List<?> list when !list.isEmpty() -> {
        String separator = "[";
        for (Object item : list) {
          text.append(separator).append(line);
          json(text, item, indent + step);
          separator = ",";
        }
        text.append(end).append(']');
      }
      case Map<?, ?> ignored -> text.append("{}");
      case List<?> ignored -> text.append("[]");
      case Nothing nothing -> text.append(nothing.list() ? "[]" : "{}");
      case String string -> text.append(json(string));
      case Null ignored -> text.append("null");
      default -> text.append(value);
    }
  }

  private String indentation(int blanks) {
    return tabs ? "\t".repeat(blanks / step) : " ".repeat(blanks);
  }

  /// A key with nothing behind it.
  ///
  /// @param list whether a list would be there
  record Nothing(boolean list) {}

  /// A key with a null.
  ///
  /// @param text as YAML has it
  record Null(String text) {}
}

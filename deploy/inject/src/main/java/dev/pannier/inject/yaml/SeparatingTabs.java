package dev.pannier.inject.yaml;

import java.util.List;

/// A text whose tabs between its parts become blanks, of which the library takes some places for blanks alone: behind a key, or before a
/// comment. `kubectl` takes either there, but no tab that something is indented with. What is a part is known once the text is read, so
/// it is read twice: first with blanks everywhere, then with those within values as they were.
final class SeparatingTabs {
  private final int[] text;

  SeparatingTabs(String text) {
    this.text = text.codePoints().toArray();
  }

  private int[] blanks() {
    int[] blanks = text.clone();
    boolean indents = true;
    for (int i = 0; i < text.length; i++) {
      switch (text[i]) {
        case '\n', '\r' -> indents = true;
        case '\t' -> blanks[i] = indents ? '\t' : ' ';
        // What follows the mark of an item or a key is indented by it, too.
        case ' ', '-', '?' -> {}
        default -> indents = false;
      }
    }
    return blanks;
  }

  /// Those in values are among them.
  String asBlanks() {
    return string(blanks());
  }

  /// @param documents of [#asBlanks()], from the text's beginning
  String asBlanksBut(List<Node> documents) {
    int[] blanks = blanks();
    documents.forEach(document -> restore(document, blanks));
    return string(blanks);
  }

  private void restore(Node node, int[] blanks) {
    switch (node) {
      case Node.Scalar scalar -> {
        int start = start(scalar);
        int end = Math.min(scalar.end(), text.length);
        System.arraycopy(text, start, blanks, start, Math.max(0, end - start));
      }
      case Node.Sequence sequence -> sequence.items().forEach(item -> restore(item, blanks));
      case Node.Mapping mapping ->
          mapping
              .entries()
              .forEach(
                  entry -> {
                    restore(entry.key(), blanks);
                    restore(entry.value(), blanks);
                  });
      case Node.Alias ignored -> {}
    }
  }

  /// Behind its anchor and tag, and behind the line that a literal or folded text begins with.
  private int start(Node.Scalar scalar) {
    int at = scalar.start();
    while (at < scalar.end() && (text[at] == '&' || text[at] == '!')) {
      while (at < scalar.end() && !Character.isWhitespace(text[at])) {
        at++;
      }
      while (at < scalar.end() && Character.isWhitespace(text[at])) {
        at++;
      }
    }
    while (scalar.block() && at < scalar.end() && text[at] != '\n' && text[at] != '\r') {
      at++;
    }
    return at;
  }

  private static String string(int[] codePoints) {
    return new String(codePoints, 0, codePoints.length);
  }
}

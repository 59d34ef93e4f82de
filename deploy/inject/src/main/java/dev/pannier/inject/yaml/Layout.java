package dev.pannier.inject.yaml;

/// The text that nodes are places in: its lines, columns and comments. All offsets count code points, as the parser does.
final class Layout {
  private final int[] text;
  private final String lineBreak;

  Layout(String text) {
    this.text = text.codePoints().toArray();
    boolean isOldMac = text.indexOf('\r') >= 0 && text.indexOf('\n') < 0;
    lineBreak = isOldMac ? "\r" : text.contains("\r\n") ? "\r\n" : "\n";
  }

  int length() {
    return text.length;
  }

  String lineBreak() {
    return lineBreak;
  }

  boolean endsWithLineBreak() {
    return text.length == 0 || endsLine(text.length - 1);
  }

  /// Whether it is a line's last character.
  private boolean endsLine(int at) {
    return text[at] == '\n'
        || (text[at] == '\r' && (at + 1 == text.length || text[at + 1] != '\n'));
  }

  void append(StringBuilder to, int start, int end) {
    for (int i = start; i < end; i++) {
      to.appendCodePoint(text[i]);
    }
  }

  String text(Node node) {
    StringBuilder of = new StringBuilder();
    append(of, node.start(), Math.min(node.end(), text.length));
    return of.toString();
  }

  int lineStart(int at) {
    int start = at;
    while (start > 0 && !endsLine(start - 1)) {
      start--;
    }
    return start;
  }

  /// The beginning of the next line, or the text's end.
  int lineAfter(int at) {
    int end = at;
    while (end < text.length && !endsLine(end)) {
      end++;
    }
    return Math.min(end + 1, text.length);
  }

  /// Where the line ends that lies before this beginning of a line.
  int endOfLineBefore(int lineStart) {
    int end = lineStart;
    if (end > 0 && endsLine(end - 1)) {
      end--;
      if (end > 0 && text[end] == '\n' && text[end - 1] == '\r') {
        end--;
      }
    }
    return end;
  }

  int column(int at) {
    return at - lineStart(at);
  }

  /// Whether there is nothing but blanks before it on its line.
  boolean isFirstOfLine(int at) {
    for (int i = lineStart(at); i < at; i++) {
      if (text[i] != ' ' && text[i] != '\t') {
        return false;
      }
    }
    return true;
  }

  /// Whether a line that begins there begins with a document's mark.
  boolean hasMarker(int start, int end) {
    for (int i = start; i + 2 < end; i++) {
      if (lineStart(i) == i && text[i] == '-' && text[i + 1] == '-' && text[i + 2] == '-') {
        return true;
      }
    }
    return false;
  }

  /// The blanks that its line begins with.
  String indentOf(int at) {
    StringBuilder indent = new StringBuilder();
    for (int i = lineStart(at); i < text.length && (text[i] == ' ' || text[i] == '\t'); i++) {
      indent.appendCodePoint(text[i]);
    }
    return indent.toString();
  }

  /// By how much the elements of a bracketed collection, each on a line of its own, are further in than
  /// the line that it begins on.
  String step(Node parent) {
    int first =
        parent instanceof Node.Sequence sequence
            ? sequence.items().getFirst().start()
            : ((Node.Mapping) parent).entries().getFirst().key().start();
    String outer = indentOf(parent.start());
    String inner = indentOf(first);
    return inner.length() > outer.length() && inner.startsWith(outer)
        ? inner.substring(outer.length())
        : "  ";
  }

  /// Where the text of a node ends: a collection in block style ends with its last value, and not, as to the parser, where the next
  /// thing begins.
  int textEnd(Node node) {
    return switch (node) {
      case Node.Sequence sequence when !sequence.flow() -> textEnd(sequence.items().getLast());
      case Node.Mapping mapping when !mapping.flow() ->
          textEnd(mapping.entries().getLast().value());
      case Node.Scalar scalar when scalar.block() -> blockEnd(scalar);
      default -> node.end();
    };
  }

  /// Blank lines at the end of a literal or folded text are no part of it, but with `+`.
  private int blockEnd(Node.Scalar scalar) {
    int headEnd = scalar.start();
    boolean keeps = false;
    while (headEnd < text.length && !endsLine(headEnd)) {
      if (text[headEnd] == '#') {
        break;
      }
      keeps |= text[headEnd] == '+';
      headEnd++;
    }
    while (headEnd < text.length && !endsLine(headEnd)) {
      headEnd++;
    }
    int end = Math.min(scalar.end(), text.length);
    if (keeps) {
      // Before the end of its last line.
      return end > headEnd && endsLine(end - 1) ? endOfLineBefore(end) : end;
    }
    while (end > headEnd && Character.isWhitespace(text[end - 1])) {
      end--;
    }
    return end;
  }

  /// Where the dash of an item in block style is.
  int dash(Node.Sequence sequence, int i) {
    int at = i == 0 ? sequence.start() : textEnd(sequence.items().get(i - 1));
    at = overBlanksAndComments(at);
    while (at < text.length && (text[at] == '&' || text[at] == '!')) {
      while (at < text.length && !Character.isWhitespace(text[at])) {
        at++;
      }
      at = overBlanksAndComments(at);
    }
    if (at >= text.length || text[at] != '-') {
      throw new YamlProblem(sequence.line(), "has an unusual layout: write it plainly");
    }
    return at;
  }

  boolean isOneBlank(int start, int end) {
    return end == start + 1 && text[start] == ' ';
  }

  /// Right behind the colon of a key.
  int behindColon(Node key) {
    int at = key.end();
    while (at < text.length && (text[at] == ' ' || text[at] == '\t')) {
      at++;
    }
    if (at >= text.length || text[at] != ':') {
      throw new YamlProblem(key.line(), "has an unusual layout: write it plainly");
    }
    return at + 1;
  }

  private int overBlanksAndComments(int from) {
    int at = from;
    while (at < text.length) {
      if (text[at] == '#') {
        at = lineAfter(at);
      } else if (Character.isWhitespace(text[at])) {
        at++;
      } else {
        return at;
      }
    }
    return at;
  }

  /// The beginning of the first of the lines above this beginning of a line that have a comment alone: it is about what follows.
  int aboveComments(int lineStart) {
    int start = lineStart;
    while (start > 0) {
      int above = lineStart(start - 1);
      int at = above;
      while (at < start && (text[at] == ' ' || text[at] == '\t')) {
        at++;
      }
      if (text[at] != '#') {
        return start;
      }
      start = above;
    }
    return start;
  }
}

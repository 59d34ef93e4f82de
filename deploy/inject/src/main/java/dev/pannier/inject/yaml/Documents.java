package dev.pannier.inject.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The documents of a text: YAML, and JSON where the library takes it for no YAML. `kubectl` reads JSON with tabs between its
/// values, and with one object right after the other.
final class Documents {
  private static final String MARK = "---";

  /// What begins a document, at a line's beginning.
  private static final Pattern MARKER = Pattern.compile("(?<![^\n\r])---(?![^ \t\n\r])");

  private final String text;
  private final List<Node> documents = new ArrayList<>();

  /// What comes before this is read, and has so many code points and line ends.
  private int read;

  private int codePoints;
  private int lines;

  private Documents(String text) {
    this.text = text;
  }

  /// @throws YamlProblem where it is neither
  static List<Node> read(String text) {
    try {
      return NodeReader.read(text, 0, 0);
    } catch (YamlProblem asYaml) {
      try {
        Documents documents = new Documents(text);
        documents.readPieces();
        return documents.documents;
      } catch (YamlProblem e) {
        // Who has come further knows more.
        throw e.line() >= asYaml.line() ? e : asYaml;
      }
    }
  }

  private void readPieces() {
    List<Integer> starts = new ArrayList<>(List.of(0));
    for (Matcher marker = MARKER.matcher(text); marker.find(); ) {
      starts.add(marker.start());
    }
    starts.add(text.length());
    for (int i = 0; i + 1 < starts.size(); i++) {
      int json = json(starts.get(i), starts.get(i + 1));
      if (json >= 0) {
        take(text.substring(read, starts.get(i)));
        skip(json);
        readJson(starts.get(i + 1));
      }
    }
    take(text.substring(read));
  }

  /// Where a document's braces begin that are no template's, nor YAML's own, which needs no quotes; behind comments, as `helm template`
  /// writes them.
  ///
  /// @return -1 where it is something else
  private int json(int start, int end) {
    int at = overBlanks(text.startsWith(MARK, start) ? start + MARK.length() : start, end);
    while (at < end && text.charAt(at) == '#') {
      while (at < end && "\n\r".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      at = overBlanks(at, end);
    }
    int inner = overBlanks(at + 1, end);
    return inner < end && text.charAt(at) == '{' && "\"}".indexOf(text.charAt(inner)) >= 0
        ? at
        : -1;
  }

  private int overBlanks(int start, int end) {
    int at = start;
    while (at < end && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /// One object after the other, each with a blank for each tab that is in no string.
  private void readJson(int end) {
    StringBuilder piece = new StringBuilder();
    int depth = 0;
    boolean isString = false;
    boolean isComment = false;
    for (int i = read; i < end; i++) {
      char c = text.charAt(i);
      piece.append(c == '\t' && !isString ? ' ' : c);
      boolean begins = c == '#' && !isString && Character.isWhitespace(text.charAt(i - 1));
      isComment = c != '\n' && c != '\r' && (isComment || begins);
      if (isComment) {
        continue;
      }
      if (c == '"') {
        isString = !isString;
      } else if (isString) {
        if (c == '\\' && i + 1 < end) {
          i++;
          piece.append(text.charAt(i));
        }
      } else if (c == '{' || c == '[') {
        depth++;
      } else if (c == '}' || c == ']') {
        depth--;
        if (depth == 0) {
          take(piece.toString());
          piece.setLength(0);
        }
      }
    }
    take(piece.toString());
  }

  /// @param piece which begins where the rest does
  private void take(String piece) {
    documents.addAll(NodeReader.read(piece, codePoints, lines));
    skip(read + piece.length());
  }

  private void skip(int to) {
    codePoints += text.codePointCount(read, to);
    for (int i = read; i < to; i++) {
      char c = text.charAt(i);
      boolean isLast = i + 1 == text.length() || text.charAt(i + 1) != '\n';
      lines += c == '\n' || (c == '\r' && isLast) ? 1 : 0;
    }
    read = to;
  }
}

package dev.pannier.collector.tail;

import java.util.ArrayList;
import java.util.List;

/// Lines of an application, each another one, and all that were made.
final class NumberedLines {
  final List<String> written = new ArrayList<>();

  /// @return the text of so many more
  String next(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      String line = "line " + written.size() + " of an application";
      written.add(line);
      text.append(line).append('\n');
    }
    return text.toString();
  }
}

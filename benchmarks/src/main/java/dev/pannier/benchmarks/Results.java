package dev.pannier.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// A Markdown file that has a part for figures, between two marks. The part consists of sections, each
/// under a heading of its own, and of these only the ones that were measured are replaced.
final class Results {
  private static final String BEGIN = "<!-- measured by `pannier bench` from here -->";
  private static final String END = "<!-- to here -->";

  /// What a section begins with.
  static final String HEADING = "### ";

  private Results() {}

  static boolean isMarked(Path file) throws IOException {
    String text = Files.readString(file);
    int begin = text.indexOf(BEGIN);
    return begin >= 0 && text.indexOf(END, begin) >= 0;
  }

  /// @param measured sections, which take the place of those with the same heading, or come last
  static void replace(Path file, String measured) throws IOException {
    if (!isMarked(file)) {
      throw new IOException(
          file + " has no lines `" + BEGIN + "` and `" + END + "` to write between");
    }
    String text = Files.readString(file);
    int begin = text.indexOf(BEGIN) + BEGIN.length();
    int end = text.indexOf(END, begin);
    Map<String, String> sections = sections(text.substring(begin, end));
    sections.putAll(sections(measured));
    Files.writeString(
        file,
        text.substring(0, begin)
            + "\n\n"
            + String.join("\n\n", sections.values())
            + "\n\n"
            + text.substring(end));
  }

  /// By heading. What stands before the first one is no section's, and is left out.
  private static Map<String, String> sections(String text) {
    Map<String, String> sections = new LinkedHashMap<>();
    for (String part : text.split("(?m)^(?=" + HEADING + ")", -1)) {
      if (part.startsWith(HEADING)) {
        sections.put(part.lines().findFirst().orElseThrow(), part.strip());
      }
    }
    return sections;
  }
}

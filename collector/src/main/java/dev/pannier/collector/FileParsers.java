package dev.pannier.collector;

import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.tail.ParserChooser;
import dev.pannier.parsers.AutoDetect;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.parsers.Parsers;
import java.util.HashMap;
import java.util.Map;

/// The parser of each file of a source. Files with the same parser share it: they are read on one
/// thread, one after the other.
final class FileParsers {
  private FileParsers() {}

  static ParserChooser chooser(FileSource source) {
    if (source.parser() instanceof ParserSpec.Auto) {
      Map<ParserSpec, LineParser> made = new HashMap<>();
      return (head, length, last) -> {
        ParserSpec chosen = AutoDetect.choose(head, length, last);
        return chosen == null
            ? null
            : made.computeIfAbsent(chosen, spec -> Parsers.create(spec, source.zone()));
      };
    }
    LineParser parser = Parsers.create(source.parser(), source.zone());
    return (head, length, last) -> parser;
  }
}

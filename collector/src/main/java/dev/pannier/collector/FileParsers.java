package dev.pannier.collector;

import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.tail.ParserChooser;
import dev.pannier.parsers.AutoDetect;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.parsers.Parsers;

/// The parser of each file of a source. Files share what they can: they are read on one thread, one
/// after the other.
final class FileParsers {
  private FileParsers() {}

  static ParserChooser chooser(FileSource source) {
    if (source.parser() instanceof ParserSpec.Auto) {
      AutoDetect known = new AutoDetect(source.zone());
      return (head, length) -> new GuardedParser(source.name(), parser(known, head, length));
    }
    LineParser parser =
        new GuardedParser(source.name(), Parsers.create(source.parser(), source.zone()));
    return (head, length) -> parser;
  }

  /// The head is parsed, too; what it fails on says nothing of the layout.
  private static LineParser parser(AutoDetect known, byte[] head, int length) {
    try {
      return known.parser(head, length);
    } catch (RuntimeException | StackOverflowError e) {
      return known.parser();
    }
  }
}

package dev.pannier.collector;

import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.tail.ParserChooser;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.Parsers;

/// The parser of each file of a source.
final class FileParsers {
  private FileParsers() {}

  /// One parser serves all files of a source: they are read on one thread, one after the other.
  static ParserChooser chooser(FileSource source) {
    LineParser parser = Parsers.create(source.parser(), source.zone());
    return (head, length, last) -> parser;
  }
}

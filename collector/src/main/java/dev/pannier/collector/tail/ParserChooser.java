package dev.pannier.collector.tail;

import dev.pannier.parsers.LineParser;

/// Chooses the parser of one file.
@FunctionalInterface
public interface ParserChooser {
  /// @param head the first bytes that are read of the file, in UTF-8
  LineParser choose(byte[] head, int length);
}

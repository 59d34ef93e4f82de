package dev.pannier.collector.tail;

import dev.pannier.parsers.LineParser;
import org.jspecify.annotations.Nullable;

/// Chooses the parser of one file.
@FunctionalInterface
public interface ParserChooser {
  /// @param head the file's first bytes, in UTF-8
  /// @param last whether no more will come before it has to decide
  /// @return null where there are too few lines to tell
  @Nullable LineParser choose(byte[] head, int length, boolean last);
}

package dev.pannier.collector.config;

import dev.pannier.parsers.ParserSpec;
import java.util.List;
import java.util.Map;

/// What came of reading a configuration.
public sealed interface Loaded {
  /// @param warnings what was ignored, and should be mended
  /// @param parsers  every parser by its name, the built-in ones first
  record Valid(Configuration configuration, List<Problem> warnings, Map<String, ParserSpec> parsers)
      implements Loaded {}

  /// @param problems every one, in the order of their lines; never empty
  record Invalid(List<Problem> problems) implements Loaded {}
}

package dev.pannier.collector.cli;

import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.Problem;
import java.util.List;

/// What came of looking whether a sidecar can run with what it is told.
public sealed interface Attempt {
  /// @param warnings what was ignored, and should be mended
  record Ready(Configuration configuration, List<Problem> warnings) implements Attempt {
    public Ready {
      warnings = List.copyOf(warnings);
    }
  }

  /// @param problems every one, a line each; never empty
  record Refused(List<String> problems) implements Attempt {
    public Refused {
      problems = List.copyOf(problems);
    }
  }
}

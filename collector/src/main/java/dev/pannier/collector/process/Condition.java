package dev.pannier.collector.process;

import dev.pannier.collector.config.ProcessorSettings;
import org.jspecify.annotations.Nullable;

/// `when`: which records a processor applies to.
final class Condition {
  private final @Nullable Glob logger;
  private final int severityBelow;

  Condition(ProcessorSettings.@Nullable When when) {
    String pattern = when == null ? null : when.logger();
    this.logger = pattern == null ? null : new Glob(pattern);
    this.severityBelow = when == null ? 0 : when.severityBelow();
  }

  boolean takesLogger(byte[] bytes, int start, int end) {
    return logger == null || logger.matches(bytes, start, end);
  }

  /// @param severity OTLP's `SeverityNumber`; 0, unknown, is below nothing
  boolean takesSeverity(int severity) {
    return severityBelow == 0 || (severity > 0 && severity < severityBelow);
  }
}

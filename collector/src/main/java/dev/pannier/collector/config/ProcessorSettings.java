package dev.pannier.collector.config;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One entry of `processors`. It applies to log records, tailed and received alike.
public sealed interface ProcessorSettings {
  /// Which records it applies to; null for all.
  @Nullable When when();

  /// @param logger        a glob over the logger's name, `*` and `?`; null for any
  /// @param severityBelow OTLP's `SeverityNumber`: records below it (0, unknown, is not below);
  ///     0 for any
  record When(@Nullable String logger, int severityBelow) {}

  /// @param builtIn `credit_card`, `email`, `jwt`, `bearer_token`
  /// @param custom  regular expressions
  record Redact(List<String> builtIn, List<String> custom, String replace, @Nullable When when)
      implements ProcessorSettings {}

  record Drop(@Nullable When when) implements ProcessorSettings {}

  /// @param attributes set on the record; a key that is there already is replaced
  record Add(Map<String, String> attributes, @Nullable When when) implements ProcessorSettings {}
}

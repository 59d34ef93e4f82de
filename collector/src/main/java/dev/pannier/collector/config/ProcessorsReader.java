package dev.pannier.collector.config;

import dev.pannier.collector.config.ProcessorSettings.Add;
import dev.pannier.collector.config.ProcessorSettings.Drop;
import dev.pannier.collector.config.ProcessorSettings.Redact;
import dev.pannier.collector.config.ProcessorSettings.When;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads `processors`: a list of mappings with one key each, the processor's kind.
final class ProcessorsReader {
  private static final Map<String, String> BUILT_IN_PATTERNS =
      Names.choices(new String[] {"credit_card", "email", "jwt", "bearer_token"}, name -> name);
  private static final Map<String, Integer> SEVERITIES = severities();

  private ProcessorsReader() {}

  private static Map<String, Integer> severities() {
    Map<String, Integer> severities = new LinkedHashMap<>();
    severities.put("TRACE", 1);
    severities.put("DEBUG", 5);
    severities.put("INFO", 9);
    severities.put("WARN", 13);
    severities.put("ERROR", 17);
    severities.put("FATAL", 21);
    return severities;
  }

  static List<ProcessorSettings> read(@Nullable Value value) {
    if (value == null || value.isEmpty()) {
      return List.of();
    }
    List<ProcessorSettings> processors = new ArrayList<>();
    for (Value element : value.list()) {
      Section section = element.section();
      Value redact = section.value("redact");
      Value drop = section.value("drop");
      Value add = section.value("add");
      int kinds = section.size();
      section.finish();
      if (element.isSection() && kinds != 1) {
        element.problem("a processor has one key, its kind; this has " + kinds);
      }
      if (redact != null) {
        processors.add(redact(redact.section()));
      }
      if (drop != null) {
        processors.add(drop(drop));
      }
      if (add != null) {
        processors.add(add(add));
      }
    }
    return List.copyOf(processors);
  }

  private static Redact redact(Section section) {
    List<String> builtIn = new ArrayList<>();
    List<String> custom = new ArrayList<>();
    Value patterns = section.required("patterns");
    if (patterns != null) {
      for (Value pattern : patterns.list()) {
        if (pattern.isSection()) {
          Section own = pattern.section();
          Value regex = own.required("regex");
          own.finish();
          if (regex != null) {
            custom.add(regex(regex));
          }
        } else {
          builtIn.add(pattern.choice(BUILT_IN_PATTERNS, ""));
        }
      }
      if (builtIn.isEmpty() && custom.isEmpty() && patterns.isList()) {
        patterns.problem("has no pattern");
      }
    }
    Value replace = section.value("replace");
    String replacement = replace == null ? null : replace.template();
    Redact redact =
        new Redact(
            List.copyOf(builtIn),
            List.copyOf(custom),
            replacement == null ? "[redacted]" : replacement,
            when(section.value("when")));
    section.finish();
    return redact;
  }

  private static String regex(Value value) {
    String regex = value.template();
    if (regex == null) {
      return "";
    }
    Expressions.check(regex, value, false);
    return regex;
  }

  private static Drop drop(Value value) {
    Section section = value.section();
    Value when = section.value("when");
    section.finish();
    if (when == null) {
      value.problem("needs when: without it every record would be dropped");
    }
    return new Drop(when(when));
  }

  private static Add add(Value value) {
    Section section = value.section();
    Value condition = section.value("when");
    // An attribute may be called `when`; a condition has keys below it.
    boolean conditional = condition != null && condition.isSection();
    Map<String, String> attributes = new LinkedHashMap<>();
    for (Map.Entry<String, Value> entry : section.all().entrySet()) {
      if (!(conditional && entry.getKey().equals("when"))) {
        attributes.put(entry.getKey(), entry.getValue().text(""));
      }
    }
    if (attributes.isEmpty()) {
      value.problem("adds nothing");
    }
    return new Add(Collections.unmodifiableMap(attributes), conditional ? when(condition) : null);
  }

  private static @Nullable When when(@Nullable Value value) {
    if (value == null) {
      return null;
    }
    Section section = value.section();
    Value logger = section.value("logger");
    Section severity = section.section("severity");
    Value below = severity.value("below");
    severity.finish();
    section.finish();
    if (logger == null && below == null) {
      value.problem("needs logger, or severity: {below: LEVEL}");
    }
    return new When(
        logger == null ? null : logger.text(), below == null ? 0 : below.choice(SEVERITIES, 0));
  }
}

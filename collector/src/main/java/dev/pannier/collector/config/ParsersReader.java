package dev.pannier.collector.config;

import dev.pannier.parsers.BadParserException;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.parsers.Parsers;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Reads `parsers`: the user's own, beside the built-in ones.
final class ParsersReader {
  private static final Map<String, ParserSpec> BUILT_IN = builtIn();

  private ParsersReader() {}

  private static Map<String, ParserSpec> builtIn() {
    Map<String, ParserSpec> parsers = new LinkedHashMap<>();
    parsers.put("auto", new ParserSpec.Auto());
    parsers.put("raw", new ParserSpec.Raw());
    parsers.put("json", new ParserSpec.Json());
    parsers.put("logstash", new ParserSpec.Logstash());
    return parsers;
  }

  /// @return every parser that can be named, the built-in ones first
  static Map<String, ParserSpec> read(Section section) {
    Map<String, ParserSpec> parsers = new LinkedHashMap<>(BUILT_IN);
    for (Map.Entry<String, Value> entry : section.all().entrySet()) {
      String name = entry.getKey();
      Value value = entry.getValue();
      if (BUILT_IN.containsKey(name)) {
        value.problemShown("is the name of a built-in parser");
      } else if (!Names.valid(name)) {
        value.problemShown("a parser's name is made of letters, digits, '.', '_' and '-'");
      }
      ParserSpec spec = spec(value.section());
      // What is broken is still known by its name, so that its users are not told a second time.
      parsers.putIfAbsent(name, spec == null ? new ParserSpec.Raw() : spec);
    }
    return parsers;
  }

  private static @Nullable ParserSpec spec(Section section) {
    Value type = section.required("type");
    if (type == null) {
      return null;
    }
    Map<String, String> types = new LinkedHashMap<>();
    types.put("logback", "logback");
    types.put("regex", "regex");
    ParserSpec spec =
        switch (type.choice(types, "")) {
          case "logback" -> logback(section);
          case "regex" -> regex(section);
          default -> {
            // Its keys cannot be judged.
            section.all();
            yield null;
          }
        };
    section.finish();
    return spec;
  }

  private static @Nullable ParserSpec logback(Section section) {
    Value pattern = section.required("pattern");
    String text = pattern == null ? null : pattern.template();
    if (pattern == null || text == null) {
      return null;
    }
    ParserSpec spec = new ParserSpec.Logback(text);
    return compiles(spec, pattern) ? spec : null;
  }

  private static @Nullable ParserSpec regex(Section section) {
    Value pattern = section.required("pattern");
    String text = pattern == null ? null : pattern.template();
    Section time = section.section("time");
    Value layout = time.value("layout");
    String layoutText = layout == null ? null : layout.text();
    Value zone = time.value("zone");
    ZoneId zoneId = zone == null ? null : zone.zone();
    String zoneText = zoneId == null ? null : zoneId.getId();
    time.finish();
    if (pattern == null || text == null) {
      return null;
    }
    ParserSpec spec = new ParserSpec.Regex(text, null, zoneText);
    if (!compiles(spec, pattern) || layout == null || layoutText == null) {
      return spec;
    }
    spec = new ParserSpec.Regex(text, layoutText, zoneText);
    return compiles(spec, layout) ? spec : null;
  }

  /// Makes the parser once, to see whether it can be made.
  ///
  /// @param culprit what is wrong if it cannot
  private static boolean compiles(ParserSpec spec, Value culprit) {
    try {
      Parsers.create(spec, ZoneOffset.UTC);
      return true;
    } catch (BadParserException e) {
      if (culprit.isSecret()) {
        culprit.problem("no such parser can be made");
      } else {
        // The message holds what it is about.
        culprit.problemShown(Objects.requireNonNullElse(e.getMessage(), ""));
      }
      return false;
    }
  }
}

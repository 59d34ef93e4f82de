package dev.pannier.collector.config;

import dev.pannier.collector.config.FileSource.AfterShipped;
import dev.pannier.collector.config.FileSource.Multiline;
import dev.pannier.collector.config.FileSource.OnOversize;
import dev.pannier.collector.config.FileSource.StartAt;
import dev.pannier.parsers.ParserSpec;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.FileSystems;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/// Reads `sources.files`.
final class FilesReader {
  static final String DEFAULT_NAME = "app";

  private static final Duration FLUSH_AFTER = Duration.ofMillis(100);
  private static final Map<String, StartAt> START_AT =
      Names.choices(StartAt.values(), value -> value.name().toLowerCase(Locale.ROOT));
  private static final Map<String, AfterShipped> AFTER_SHIPPED =
      Names.choices(AfterShipped.values(), value -> value.name().toLowerCase(Locale.ROOT));
  private static final Map<String, OnOversize> ON_OVERSIZE =
      Names.choices(OnOversize.values(), value -> value.name().toLowerCase(Locale.ROOT));

  private final Map<String, ParserSpec> parsers;
  private final long maxRecordLimit;
  private final Map<String, String> environment;
  private final Problems problems;
  private final Set<String> names = new HashSet<>();
  private @Nullable Value delete;

  /// @param parsers        every parser by its name
  /// @param maxRecordLimit what no `max_record` may exceed
  FilesReader(
      Map<String, ParserSpec> parsers,
      long maxRecordLimit,
      Map<String, String> environment,
      Problems problems) {
    this.parsers = parsers;
    this.maxRecordLimit = maxRecordLimit;
    this.environment = environment;
    this.problems = problems;
    // The name of what comes by OTLP.
    names.add("otlp");
  }

  List<FileSource> read(Section sources) {
    Value files = sources.value("files");
    List<FileSource> result = new ArrayList<>();
    if (files == null || files.isEmpty()) {
      result.add(source(sources.section("files")));
    } else if (!files.is("none")) {
      for (Value file : files.list()) {
        result.add(source(file.section()));
      }
    }
    return List.copyOf(result);
  }

  private FileSource source(Section section) {
    Value parser = section.value("parser");
    FileSource source =
        new FileSource(
            name(section),
            globs(section.value("include"), List.of(FileSource.DEFAULT_INCLUDE)),
            globs(section.value("exclude"), List.of()),
            parser == null ? new ParserSpec.Auto() : parser.choice(parsers, new ParserSpec.Raw()),
            multiline(section.value("multiline")),
            section.duration(
                "flush_after", Duration.ofMillis(1), Duration.ofMinutes(1), FLUSH_AFTER),
            section.choice("start_at", START_AT, StartAt.BEGINNING),
            charset(section.value("charset")),
            zone(section.value("zone")),
            (int)
                section.size(
                    "max_record", Units.KIB, maxRecordLimit, Math.min(Units.MIB, maxRecordLimit)),
            section.choice("on_oversize", ON_OVERSIZE, OnOversize.SPLIT),
            section.choice("after_shipped", AFTER_SHIPPED, AfterShipped.KEEP));
    section.finish();
    if (delete == null && source.deletes()) {
      delete = section.value("after_shipped");
    }
    return source;
  }

  /// Where the first source is told to delete its files; null where none is.
  @Nullable Value delete() {
    return delete;
  }

  private String name(Section section) {
    Value value = section.value("name");
    String name = value == null ? DEFAULT_NAME : value.text(DEFAULT_NAME);
    if (value != null && !Names.valid(name)) {
      value.problem("a source's name is made of letters, digits, '.', '_' and '-'");
    } else if (!names.add(name)) {
      if (value == null) {
        section.required("name");
      } else {
        value.problem("another source has this name");
      }
    }
    return name;
  }

  private static List<String> globs(@Nullable Value value, List<String> fallback) {
    if (value == null) {
      return fallback;
    }
    List<String> globs = new ArrayList<>();
    for (Value element : value.list()) {
      String glob = element.text();
      if (glob == null) {
        continue;
      }
      if (!glob.startsWith("/")) {
        element.problem("not an absolute path");
      } else if (glob.contains("/../") || glob.endsWith("/..")) {
        element.problem("has .. in it");
      } else if (!compiles(glob)) {
        element.problem("no glob: *, ?, [a-z], {a,b}, **");
      }
      globs.add(glob);
    }
    if (globs.isEmpty() && !fallback.isEmpty() && value.isList()) {
      value.problem("names no file");
    }
    return List.copyOf(globs);
  }

  private static boolean compiles(String glob) {
    try {
      return FileSystems.getDefault().getPathMatcher("glob:" + glob) != null;
    } catch (PatternSyntaxException e) {
      return false;
    }
  }

  private static Multiline multiline(@Nullable Value value) {
    if (value == null) {
      return new Multiline.Auto();
    }
    if (!value.isSection()) {
      return value.choice(
          Map.of("auto", new Multiline.Auto(), "none", new Multiline.None()), new Multiline.Auto());
    }
    Section section = value.section();
    Value start = section.value("start");
    Value continued = section.value("continue");
    section.finish();
    if ((start == null) == (continued == null)) {
      value.problem("needs one of start and continue, and not both");
    } else if (start != null) {
      return new Multiline.Start(pattern(start));
    } else if (continued != null) {
      return new Multiline.Continue(pattern(continued));
    }
    return new Multiline.Auto();
  }

  private static String pattern(Value value) {
    String pattern = value.template();
    if (pattern == null) {
      return "";
    }
    Expressions.check(pattern, value, true);
    return pattern;
  }

  private static Charset charset(@Nullable Value value) {
    String name = value == null ? null : value.text();
    if (value == null || name == null) {
      return StandardCharsets.UTF_8;
    }
    try {
      Charset charset = Charset.forName(name);
      if (!Charsets.isSupported(charset)) {
        value.problem("a charset in which a line's end cannot be told by its bytes");
      }
      return charset;
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      value.problem("unknown charset");
      return StandardCharsets.UTF_8;
    }
  }

  private ZoneId zone(@Nullable Value value) {
    if (value != null) {
      ZoneId zone = value.zone();
      return zone == null ? ZoneOffset.UTC : zone;
    }
    String name = environment.getOrDefault("TZ", "");
    if (name.isEmpty()) {
      return ZoneOffset.UTC;
    }
    try {
      return ZoneId.of(name.startsWith(":") ? name.substring(1) : name);
    } catch (DateTimeException e) {
      problems.inEnvironment(
          "TZ",
          "unknown time zone; set zone in the source, or TZ to a name like Europe/Berlin ("
              + Problems.shown(name)
              + ")");
      return ZoneOffset.UTC;
    }
  }
}

package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.joni.NameEntry;
import org.joni.Regex;
import org.jspecify.annotations.Nullable;

/// A regular expression with named groups, matched on UTF-8 bytes. It is searched from the record's beginning; a dot matches a line end, since a record may have several
/// lines.
final class RegexParser implements LineParser {
  /// No expression may take longer for a record.
  private static final long TIMEOUT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private enum Role {
    TIME,
    SEVERITY,
    LOGGER,
    THREAD,
    TRACE_ID,
    SPAN_ID,
    BODY,
    ATTRIBUTE
  }

  private record Group(int number, Role role, byte[] name) {}

  private static final byte[] THREAD = "thread.name".getBytes(UTF_8);

  private final LineMatcher matcher;
  private final List<Group> groups = new ArrayList<>();
  private final IsoTime iso;
  private final ZoneId zone;
  private final @Nullable String layout;
  private final @Nullable DateTimeFormatter formatter;
  private final @Nullable DateLayout date;
  private final TraceText traces = new TraceText();
  private final boolean hasTrace;
  private long observedNanos;

  RegexParser(String pattern, @Nullable String layout, ZoneId zone) {
    try {
      matcher = LineMatcher.ofLines(pattern, TIMEOUT_NANOS);
    } catch (BadParserException e) {
      throw new BadParserException("pattern '" + pattern + "': " + e.getMessage());
    }
    Regex regex = matcher.regex();
    if (regex.numberOfNames() == 0) {
      throw new BadParserException(
          "pattern '" + pattern + "' has no named group, such as (?<body>.*)");
    }
    Iterator<NameEntry> names = regex.namedBackrefIterator();
    while (names.hasNext()) {
      NameEntry entry = names.next();
      String name = new String(entry.name, entry.nameP, entry.nameEnd - entry.nameP, UTF_8);
      groups.add(new Group(entry.getBackRefs()[0], role(name), name.getBytes(UTF_8)));
    }
    this.zone = zone;
    this.layout = layout;
    iso = new IsoTime(zone);
    hasTrace = groups.stream().anyMatch(group -> group.role == Role.TRACE_ID);
    if (layout == null || layout.equals("epoch_s") || layout.equals("epoch_ms")) {
      date = null;
      formatter = null;
    } else {
      date = DateLayout.ofOrNull(layout, zone);
      formatter = date == null ? formatter(layout) : null;
    }
  }

  /// For what [DateLayout] has no letters for: names of zones, optional parts, weeks.
  private static DateTimeFormatter formatter(String layout) {
    try {
      return DateTimeFormatter.ofPattern(layout, Locale.ENGLISH);
    } catch (IllegalArgumentException e) {
      throw new BadParserException("time layout '" + layout + "': " + e.getMessage());
    }
  }

  @Override
  public void observedAt(long epochNanos) {
    observedNanos = epochNanos;
  }

  private static Role role(String name) {
    return switch (name) {
      case "time" -> Role.TIME;
      case "severity" -> Role.SEVERITY;
      case "logger" -> Role.LOGGER;
      case "thread" -> Role.THREAD;
      case "trace_id" -> Role.TRACE_ID;
      case "span_id" -> Role.SPAN_ID;
      case "body" -> Role.BODY;
      default -> Role.ATTRIBUTE;
    };
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    return !Continuations.continues(buffer, offset, length);
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    LineMatcher.Found found = matcher.find(buffer, offset, length);
    if (found != LineMatcher.Found.YES) {
      return found == LineMatcher.Found.TIMED_OUT ? ParseResult.TIMED_OUT : ParseResult.NO_MATCH;
    }
    ParseResult result = ParseResult.PARSED;
    for (int i = 0; i < groups.size(); i++) {
      Group group = groups.get(i);
      int from = matcher.from(group.number);
      int to = matcher.to(group.number);
      if (from >= 0 && !push(group, buffer, from, to - from, sink)) {
        result = ParseResult.TIME_UNREADABLE;
      }
    }
    if (!hasTrace) {
      traces.find(buffer, offset, offset + length, sink);
    }
    return result;
  }

  /// @return false where it was a time that cannot be read
  private boolean push(Group group, byte[] text, int from, int length, RecordSink sink) {
    switch (group.role) {
      case TIME -> {
        long nanos = nanos(text, from, length);
        if (nanos == LocalTime.NONE) {
          sink.attribute(group.name, 0, group.name.length, text, from, length);
          return false;
        }
        sink.timestamp(nanos);
      }
      case SEVERITY -> sink.severity(Severities.number(text, from, length), text, from, length);
      case LOGGER -> sink.logger(text, from, length);
      case THREAD -> sink.attribute(THREAD, 0, THREAD.length, text, from, length);
      case TRACE_ID -> {
        if (!TraceIds.trace(text, from, length, sink)) {
          sink.attribute(group.name, 0, group.name.length, text, from, length);
        }
      }
      case SPAN_ID -> {
        if (!TraceIds.span(text, from, length, sink)) {
          sink.attribute(group.name, 0, group.name.length, text, from, length);
        }
      }
      case BODY -> sink.body(text, from, length);
      case ATTRIBUTE -> sink.attribute(group.name, 0, group.name.length, text, from, length);
    }
    return true;
  }

  private long nanos(byte[] text, int from, int length) {
    DateLayout byBytes = date;
    if (byBytes != null) {
      boolean whole =
          byBytes.match(text, from, from + length, observedNanos) && byBytes.end() == from + length;
      return whole ? byBytes.nanos() : LocalTime.NONE;
    }
    DateTimeFormatter byLayout = formatter;
    if (byLayout != null) {
      return nanos(byLayout, new String(text, from, length, UTF_8));
    }
    if (layout == null) {
      long nanos = iso.parse(text, from, from + length);
      return nanos != LocalTime.NONE && iso.end() == from + length ? nanos : LocalTime.NONE;
    }
    if (length == 0 || length > 15) {
      return LocalTime.NONE;
    }
    long value = 0;
    for (int i = from; i < from + length; i++) {
      if (!Ascii.isDigit(text[i])) {
        return LocalTime.NONE;
      }
      value = value * 10 + text[i] - '0';
    }
    long unit = layout.equals("epoch_s") ? 1_000_000_000L : 1_000_000L;
    return value > Long.MAX_VALUE / unit ? LocalTime.NONE : value * unit;
  }

  private long nanos(DateTimeFormatter byLayout, String text) {
    try {
      TemporalAccessor parsed = byLayout.parseBest(text, Instant::from, LocalDateTime::from);
      Instant instant =
          parsed instanceof LocalDateTime local
              ? local.toInstant(zone.getRules().getOffset(local))
              : Instant.from(parsed);
      long nanos =
          Math.addExact(
              Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
      return nanos > 0 ? nanos : LocalTime.NONE;
    } catch (DateTimeException | ArithmeticException e) {
      return LocalTime.NONE;
    }
  }
}

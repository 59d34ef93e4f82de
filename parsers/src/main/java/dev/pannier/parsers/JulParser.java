package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneId;

/// `java.util.logging.SimpleFormatter`'s two lines:
///
/// ```
/// Nov 23, 2026 2:00:00 PM com.example.Shop pay
/// WARNING: text
/// ```
final class JulParser implements LineParser {
  private static final byte[] FUNCTION = "code.function.name".getBytes(US_ASCII);

  private final DateLayout date;
  private final TraceText traces = new TraceText();

  JulParser(ZoneId zone) {
    date = new DateLayout("MMM dd, yyyy h:mm:ss a", zone);
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    int end = offset + length;
    return date.match(buffer, offset, end, 0)
        && date.end() + 1 < end
        && buffer[date.end()] == ' '
        && buffer[date.end() + 1] > ' ';
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    int end = offset + length;
    int firstEnd = lineEnd(buffer, offset, end);
    int level = firstEnd + 1;
    int colon = level;
    while (colon < end && buffer[colon] > ' ' && buffer[colon] != ':') {
      colon++;
    }
    if (!startsRecord(buffer, offset, withoutReturn(buffer, offset, firstEnd) - offset)
        || colon >= end
        || buffer[colon] != ':') {
      return ParseResult.NO_MATCH;
    }
    sink.timestamp(date.nanos());
    sink.severity(Severities.number(buffer, level, colon - level), buffer, level, colon - level);
    origin(buffer, date.end() + 1, withoutReturn(buffer, offset, firstEnd), sink);
    int body = colon + 1 < end && buffer[colon + 1] == ' ' ? colon + 2 : colon + 1;
    int secondEnd = lineEnd(buffer, level, end);
    int trace = secondEnd == end ? -1 : StackTraces.find(buffer, secondEnd + 1, end);
    int bodyEnd = withoutReturn(buffer, body, trace < 0 ? end : trace - 1);
    sink.body(buffer, body, bodyEnd - body);
    if (trace >= 0) {
      Exceptions.push(buffer, trace, end - trace, sink);
    }
    traces.find(buffer, body, bodyEnd, sink);
    return ParseResult.PARSED;
  }

  /// The class and the method, or the logger's name.
  private static void origin(byte[] buffer, int from, int end, RecordSink sink) {
    int blank = from;
    while (blank < end && buffer[blank] != ' ') {
      blank++;
    }
    sink.logger(buffer, from, blank - from);
    if (blank + 1 < end) {
      sink.attribute(FUNCTION, 0, FUNCTION.length, buffer, blank + 1, end - blank - 1);
    }
  }

  private static int lineEnd(byte[] buffer, int from, int end) {
    int i = from;
    while (i < end && buffer[i] != '\n') {
      i++;
    }
    return i;
  }

  private static int withoutReturn(byte[] buffer, int from, int end) {
    return end > from && buffer[end - 1] == '\r' ? end - 1 : end;
  }
}

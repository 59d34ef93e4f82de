package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneId;

/// A time of ISO 8601 and a level in front, in brackets or not, in this order, perhaps with the
/// process between them; what follows is the body:
///
/// ```
/// 2026-11-23T14:00:00.123Z INFO text
/// [2026-11-23 14:00:00,123] [WARN ] text
/// [2026-11-23 14:00:00 +0000] [42] [INFO] text       (Gunicorn)
/// 2026-11-23 14:00:00.123 UTC [42] LOG:  text        (Postgres)
/// ```
final class TimeAndLevelParser implements LineParser {
  private static final byte[] PID = "process.pid".getBytes(US_ASCII);

  private static final byte[] LOG = "LOG:".getBytes(US_ASCII);

  private final IsoTime time;
  private final TraceText traces = new TraceText();
  private long nanos;
  private int pid;
  private int levelFrom;
  private int levelTo;
  private int body;

  TimeAndLevelParser(ZoneId zone) {
    time = new IsoTime(zone);
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    return matches(buffer, offset, offset + length);
  }

  private boolean matches(byte[] buffer, int offset, int end) {
    int at = offset < end && buffer[offset] == '[' ? offset + 1 : offset;
    nanos = time.parse(buffer, at, end);
    if (nanos == LocalTime.NONE) {
      return false;
    }
    at = skip(buffer, time.end(), end, true);
    pid = -1;
    int digits = at;
    while (digits < end && digits - at < 10 && Ascii.isDigit(buffer[digits])) {
      digits++;
    }
    if (digits > at && digits < end && buffer[digits] == ']' && buffer[at - 1] == '[') {
      pid = digits - at < 10 ? Ascii.digits(buffer, at, digits - at) : -1;
      at = skip(buffer, digits, end, true);
    }
    levelFrom = at;
    while (at < end && Character.isLetter(buffer[at])) {
      at++;
    }
    levelTo = at;
    body = skip(buffer, at, end, false);
    return isLevel(buffer, end) && levelFrom > time.end() && (body > levelTo || levelTo == end);
  }

  /// A level's name; `LOG` is one only as Postgres writes it.
  private boolean isLevel(byte[] buffer, int end) {
    return Severities.numberOfWord(buffer, levelFrom, levelTo - levelFrom, end) > 0
        || (levelTo - levelFrom == LOG.length - 1 && Ascii.startsWith(buffer, levelFrom, end, LOG));
  }

  /// What stands between the time, the level and the text.
  ///
  /// @param opens whether a bracket may open: the level's, never one of the text
  private static int skip(byte[] buffer, int from, int end, boolean opens) {
    int at = from;
    while (at < end
        && (buffer[at] == ' '
            || buffer[at] == '\t'
            || buffer[at] == ']'
            || buffer[at] == ':'
            || buffer[at] == '|'
            || buffer[at] == '-'
            || (opens && buffer[at] == '['))) {
      at++;
    }
    return at;
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    int end = offset + length;
    int firstEnd = offset;
    while (firstEnd < end && buffer[firstEnd] != '\n') {
      firstEnd++;
    }
    if (!matches(buffer, offset, firstEnd)) {
      return ParseResult.NO_MATCH;
    }
    sink.timestamp(nanos);
    if (pid >= 0) {
      sink.attribute(PID, 0, PID.length, pid);
    }
    int level = levelTo - levelFrom;
    sink.severity(Severities.number(buffer, levelFrom, level), buffer, levelFrom, level);
    int trace = firstEnd == end ? -1 : StackTraces.find(buffer, firstEnd + 1, end);
    int bodyEnd = trace < 0 ? end : trace - 1;
    if (bodyEnd > body && buffer[bodyEnd - 1] == '\r') {
      bodyEnd--;
    }
    sink.body(buffer, body, Math.max(0, bodyEnd - body));
    if (trace >= 0) {
      Exceptions.push(buffer, trace, end - trace, sink);
    }
    traces.find(buffer, body, firstEnd, sink);
    return ParseResult.PARSED;
  }
}

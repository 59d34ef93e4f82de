package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.ZoneId;

/// Syslog's lines (RFC 5424, section 6; RFC 3164, section 4), and as daemons write the latter into
/// files: without the priority, and with a time of ISO 8601.
///
/// ```
/// <165>1 2026-11-23T14:00:00.003Z host app 42 ID47 [x@32473 iut="3"] text
/// <34>Nov  3 22:14:15 host app[42]: text
/// Nov  3 22:14:15 host app[42]: text
/// 2026-11-23T14:00:00.003+08:00 host app[42]: text
/// ```
final class SyslogParser implements LineParser {
  private static final byte[] HOST = "host.name".getBytes(US_ASCII);
  private static final byte[] PID = "process.pid".getBytes(US_ASCII);
  private static final byte[] MESSAGE_ID = "syslog.msgid".getBytes(US_ASCII);
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
  private static final int LARGEST_PRIORITY = 191;

  private final IsoTime iso;
  private final DateLayout date;
  private final TraceText traces = new TraceText();
  private byte[] text = new byte[0];
  private int end;
  private int at;
  private int from;
  private int to;
  private long observedNanos;

  private int priorityFrom;
  private int priorityLength;
  private int priority;
  private boolean structured;
  private boolean isoTime;
  private long time;
  private int hostFrom;
  private int hostTo;
  private int appFrom;
  private int appTo;
  private int pidFrom;
  private int pidTo;
  private int idFrom;
  private int idTo;

  SyslogParser(ZoneId zone) {
    iso = new IsoTime(zone);
    date = new DateLayout("MMM d HH:mm:ss", zone);
  }

  @Override
  public void observedAt(long epochNanos) {
    observedNanos = epochNanos;
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    return matches(buffer, offset, offset + length);
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    if (!matches(buffer, offset, offset + length)) {
      return ParseResult.NO_MATCH;
    }
    if (priority >= 0) {
      sink.severity(Severities.ofSyslog(priority & 7), text, priorityFrom, priorityLength);
    }
    if (time != LocalTime.NONE) {
      sink.timestamp(time);
    }
    if (!isNil(appFrom, appTo)) {
      sink.logger(text, appFrom, appTo - appFrom);
    }
    attribute(HOST, hostFrom, hostTo, sink);
    int pid = pidTo - pidFrom < 10 ? Ascii.digits(text, pidFrom, pidTo - pidFrom) : -1;
    if (pid >= 0 && pidTo > pidFrom) {
      sink.attribute(PID, 0, PID.length, pid);
    }
    attribute(MESSAGE_ID, idFrom, idTo, sink);
    sink.body(text, at, end - at);
    traces.find(text, at, end, sink);
    return ParseResult.PARSED;
  }

  private void attribute(byte[] name, int start, int stop, RecordSink sink) {
    if (!isNil(start, stop)) {
      sink.attribute(name, 0, name.length, text, start, stop - start);
    }
  }

  private boolean isNil(int start, int stop) {
    return stop <= start || (stop == start + 1 && text[start] == '-');
  }

  private boolean matches(byte[] buffer, int offset, int bufferEnd) {
    text = buffer;
    end = bufferEnd;
    at = offset;
    pidFrom = 0;
    pidTo = 0;
    idFrom = 0;
    idTo = 0;
    return priority() && time() && (structured ? structuredHeader() : plainHeader());
  }

  private boolean priority() {
    priority = -1;
    structured = false;
    if (at >= end || text[at] != '<') {
      return true;
    }
    int close = at + 1;
    while (close < end && close - at <= 3 && Ascii.isDigit(text[close])) {
      close++;
    }
    int digits = close - at - 1;
    if (digits == 0 || close >= end || text[close] != '>') {
      return false;
    }
    priorityFrom = at + 1;
    priorityLength = digits;
    priority = Ascii.digits(text, priorityFrom, digits);
    at = close + 1;
    if (at + 1 < end && text[at] == '1' && text[at + 1] == ' ') {
      structured = true;
      at += 2;
    }
    return priority <= LARGEST_PRIORITY;
  }

  private boolean time() {
    if (structured && at + 1 < end && text[at] == '-' && text[at + 1] == ' ') {
      time = LocalTime.NONE;
      at += 2;
      return true;
    }
    time = iso.parse(text, at, end);
    isoTime = time != LocalTime.NONE;
    if (time != LocalTime.NONE) {
      // The other form of ISO 8601, with a blank, is an application's.
      boolean joined = text[at + 10] == 'T';
      at = iso.end();
      return joined && blank();
    }
    if (structured || !date.match(text, at, end, observedNanos)) {
      return false;
    }
    time = date.nanos();
    at = date.end();
    return blank();
  }

  private boolean structuredHeader() {
    if (!word() || !blank()) {
      return false;
    }
    hostFrom = from;
    hostTo = to;
    if (!word() || !blank()) {
      return false;
    }
    appFrom = from;
    appTo = to;
    if (!word() || !blank()) {
      return false;
    }
    pidFrom = from;
    pidTo = to;
    if (!word() || !blank()) {
      return false;
    }
    idFrom = from;
    idTo = to;
    if (!skipElements()) {
      return false;
    }
    at += at < end && text[at] == ' ' ? 1 : 0;
    at += Ascii.startsWith(text, at, end, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    return true;
  }

  /// The structured data stays in the body's place only where it is not what the standard says.
  private boolean skipElements() {
    if (at < end && text[at] == '-') {
      at++;
      return at == end || text[at] == ' ';
    }
    boolean any = false;
    while (at < end && text[at] == '[') {
      boolean quoted = false;
      while (++at < end && (quoted || text[at] != ']')) {
        if (quoted && text[at] == '\\') {
          at++;
        } else if (text[at] == '"') {
          quoted = !quoted;
        }
      }
      if (at >= end) {
        return false;
      }
      at++;
      any = true;
    }
    return any;
  }

  /// `host app[42]: `. A tag of another form is part of the text, unless the time is one that any
  /// application may write: then it is not syslog's.
  private boolean plainHeader() {
    if (!word() || !blank()) {
      return false;
    }
    hostFrom = from;
    hostTo = to;
    int tag = at;
    boolean tagged = tag();
    if (isoTime && priority < 0) {
      return tagged && mayBeHost();
    }
    if (!tagged) {
      at = tag;
      appTo = appFrom;
      pidTo = pidFrom;
    }
    return true;
  }

  /// A level's name is a text's first word, unless it is in small letters and a process follows.
  private boolean mayBeHost() {
    return Severities.number(text, hostFrom, hostTo - hostFrom) == 0
        || (text[hostFrom] >= 'a' && pidTo > pidFrom);
  }

  private boolean tag() {
    appFrom = at;
    while (at < end && text[at] > ' ' && text[at] != '[' && text[at] != ':') {
      at++;
    }
    appTo = at;
    if (at < end && text[at] == '[') {
      pidFrom = ++at;
      while (at < end && text[at] > ' ' && text[at] != ']') {
        at++;
      }
      pidTo = at;
      if (at >= end || text[at] != ']') {
        return false;
      }
      at++;
    }
    if (appTo == appFrom || at >= end || text[at] != ':') {
      return false;
    }
    at++;
    at += at < end && text[at] == ' ' ? 1 : 0;
    return true;
  }

  private boolean word() {
    from = at;
    while (at < end && text[at] != ' ') {
      at++;
    }
    to = at;
    return to > from;
  }

  private boolean blank() {
    return at < end && text[at++] == ' ';
  }
}

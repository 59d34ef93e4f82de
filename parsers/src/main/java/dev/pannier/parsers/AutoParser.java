package dev.pannier.parsers;

/// One file's parser where nobody said which: a record is read by the layout that the record before
/// it had, else by the first other that it has, else as plain text. So nothing is decided once and
/// for all: a banner, an old stack trace or a changed configuration costs the lines that are one,
/// no others.
final class AutoParser implements LineParser {
  private final AutoDetect known;
  private int last = AutoDetect.UNKNOWN;

  AutoParser(AutoDetect known) {
    this.known = known;
  }

  boolean isUndecided() {
    return last == AutoDetect.UNKNOWN;
  }

  @Override
  public void observedAt(long epochNanos) {
    known.observedAt(epochNanos);
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    if (last == AutoDetect.UNKNOWN) {
      return !Continuations.continues(buffer, offset, length);
    }
    if (last == AutoDetect.JSON) {
      return known.anyJson().startsRecord(buffer, offset, length);
    }
    return known.find(buffer, offset, length, last) != AutoDetect.UNKNOWN
        || known.beginsWithTime(buffer, offset, offset + length)
        || isLogLine(buffer, offset, length);
  }

  @Override
  public boolean endsRecord(byte[] buffer, int offset, int length) {
    return last < 0 && known.anyJson().endsRecord(buffer, offset, length);
  }

  /// With a layout, a line begins a record because it has one, or a time of its own.
  @Override
  public boolean continuesException(byte[] buffer, int record, int line, int length) {
    return last < 0
        && !AutoDetect.looksLikeJson(buffer, line, length)
        && Continuations.continues(buffer, record, line, length)
        && known.find(buffer, line, length, last) == AutoDetect.UNKNOWN;
  }

  /// A message may well end in an object of its own: one with a time and a message is a record.
  private boolean isLogLine(byte[] buffer, int offset, int length) {
    if (!AutoDetect.looksLikeJson(buffer, offset, length)) {
      return false;
    }
    JsonParser json = known.json(buffer, offset, length);
    return json.parse(buffer, offset, length, Nowhere.SINK).parsed() && json.wasLogLine();
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    if (AutoDetect.looksLikeJson(buffer, offset, length)) {
      ParseResult result = known.json(buffer, offset, length).parse(buffer, offset, length, sink);
      if (result.parsed()) {
        last = AutoDetect.JSON;
      }
      return result;
    }
    if (last >= 0) {
      ParseResult result = known.layout(last).parse(buffer, offset, length, sink);
      if (result != ParseResult.NO_MATCH) {
        return result;
      }
    }
    int lineEnd = offset;
    while (lineEnd < offset + length && buffer[lineEnd] != '\n') {
      lineEnd++;
    }
    int found = known.find(buffer, offset, lineEnd - offset, last);
    if (found >= 0) {
      // Also where a second line that it needs is missing: the next record will have it.
      last = found;
      return known.layout(found).parse(buffer, offset, length, sink);
    }
    if (lineEnd < offset + length && exception(buffer, offset, offset + length, sink)) {
      return ParseResult.PARSED;
    }
    if (last == AutoDetect.UNKNOWN) {
      sink.body(buffer, offset, length);
      return ParseResult.PARSED;
    }
    return last == AutoDetect.JSON ? ParseResult.NOT_JSON : ParseResult.NO_MATCH;
  }

  /// Whatever a file's layout is, what ends a process is printed without it.
  private static boolean exception(byte[] buffer, int offset, int end, RecordSink sink) {
    int trace = StackTraces.find(buffer, offset, end);
    if (trace < 0) {
      return false;
    }
    int bodyEnd = end;
    while (bodyEnd > offset && (buffer[bodyEnd - 1] == '\n' || buffer[bodyEnd - 1] == '\r')) {
      bodyEnd--;
    }
    sink.body(buffer, offset, bodyEnd - offset);
    Exceptions.push(buffer, trace, end - trace, sink);
    return true;
  }
}

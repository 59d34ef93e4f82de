package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.parsers.LogbackPattern.Kind;
import dev.pannier.parsers.LogbackPattern.Part;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The lines of a Logback `PatternLayout`: its parts are found from left to right in the record's
/// first line; where a part ends is told by what stands after it.
final class LogbackParser implements LineParser {
  private static final byte[] THREAD = "thread.name".getBytes(US_ASCII);
  private static final byte[] FUNCTION = "code.function.name".getBytes(US_ASCII);
  private static final byte[] FILE = "code.file.path".getBytes(US_ASCII);
  private static final byte[] LINE = "code.line.number".getBytes(US_ASCII);

  private static final byte[] LINE_END = {'\n'};

  /// A line may offer many places where a part could end; so many are tried.
  private static final int MAX_TRIES = 256;

  private final Part[] parts;
  private final int[] from;
  private final int[] to;

  /// Of dates; nanoseconds from the epoch.
  private final long[] times;

  private final int message;

  /// What stands in front of an exception that begins in the message's line; null where none does.
  private final byte @Nullable [] beforeException;

  /// The parts up to here stand in a record's first line: before its message, or a line end.
  private final int head;

  /// Whether anything but the head's own words may be a level, and a logger's name may have blanks.
  private final boolean strict;

  private final TraceText traces = new TraceText();
  private final boolean hasTrace;
  private byte[] text = new byte[0];
  private byte[] scratch = new byte[0];
  private long observedNanos;

  /// Where the part that is being matched has to end: the first line's end, for parts after the head
  /// the record's.
  private int lineEnd;

  private int recordEnd;
  private int headEnd;
  private boolean headOnly;
  private int tries;

  /// The heads of the last two lines that begin a record: whether a line does is asked before the
  /// record in front of it is parsed, and its own after it.
  private final Head[] heads = {new Head(), new Head()};

  private int newestHead;

  /// Where a head was found in a line, with the line: what is found depends on nothing else.
  private static final class Head {
    /// Longer lines are matched again.
    static final int LONGEST = 512;

    byte[] line = {};

    /// -1 where there is none.
    int length = -1;

    int end;
    int tries;
    int[] from = {};
    int[] to = {};
    long[] times = {};

    boolean isOf(byte[] buffer, int offset, int bytes) {
      return bytes == length && Arrays.equals(line, 0, bytes, buffer, offset, offset + bytes);
    }
  }

  LogbackParser(String pattern, ZoneId zone) {
    this(pattern, zone, false);
  }

  /// @param strict a level is one that is known, and a logger's name has no blank: for guessing
  LogbackParser(String pattern, ZoneId zone, boolean strict) {
    List<Part> list = LogbackPattern.parse(pattern, zone);
    beforeException =
        list.stream()
            .filter(part -> part.kind() == Kind.EXCEPTION)
            .map(Part::text)
            .findFirst()
            .orElse(null);
    parts = list.stream().filter(part -> part.kind() != Kind.EXCEPTION).toArray(Part[]::new);
    from = new int[parts.length];
    to = new int[parts.length];
    times = new long[parts.length];
    this.strict = strict;
    int found = -1;
    int firstLine = parts.length;
    boolean trace = false;
    for (int i = parts.length - 1; i >= 0; i--) {
      if (parts[i].kind() == Kind.MESSAGE) {
        found = Math.max(found, i);
        firstLine = i;
      } else if (parts[i].kind() == Kind.LITERAL && indexOfLineEnd(parts[i].text()) >= 0) {
        firstLine = i;
      }
      trace |= MdcNames.isTraceId(parts[i].key());
    }
    message = found;
    head = firstLine;
    hasTrace = trace;
    for (Head each : heads) {
      each.from = new int[head];
      each.to = new int[head];
      each.times = new long[head];
    }
  }

  private static int indexOfLineEnd(byte[] literal) {
    return Ascii.indexOf(literal, 0, literal.length, LINE_END);
  }

  @Override
  public void observedAt(long epochNanos) {
    if (epochNanos != observedNanos) {
      observedNanos = epochNanos;
      // It tells the year of a date without one.
      heads[0].length = -1;
      heads[1].length = -1;
    }
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    if (head == 0) {
      return !Continuations.continues(buffer, offset, length);
    }
    boolean starts = matches(buffer, offset, offset + length, offset + length, true);
    if (starts && length <= Head.LONGEST) {
      keepHead(buffer, offset, length);
    }
    return starts;
  }

  /// With a head, a line begins a record because it has it.
  @Override
  public boolean continuesException(byte[] buffer, int record, int line, int length) {
    return head == 0 && Continuations.continues(buffer, record, line, length);
  }

  private void keepHead(byte[] buffer, int offset, int length) {
    newestHead = 1 - newestHead;
    Head kept = heads[newestHead];
    if (kept.line.length == 0) {
      // Of the patterns that are known, few are met.
      kept.line = new byte[Head.LONGEST];
    }
    System.arraycopy(buffer, offset, kept.line, 0, length);
    kept.length = length;
    kept.end = headEnd - offset;
    kept.tries = tries;
    for (int i = 0; i < head; i++) {
      kept.from[i] = from[i] - offset;
      kept.to[i] = to[i] - offset;
    }
    System.arraycopy(times, 0, kept.times, 0, head);
  }

  /// Goes on behind the head where it was found in [#startsRecord] already.
  ///
  /// @return false where it was not, or what follows does not fit it: then all is tried
  private boolean matchesBehindHead(byte[] buffer, int offset, int firstEnd, int end) {
    Head found = heads[1 - newestHead];
    if (!found.isOf(buffer, offset, firstEnd - offset)) {
      found = heads[newestHead];
      if (!found.isOf(buffer, offset, firstEnd - offset)) {
        return false;
      }
    }
    text = buffer;
    lineEnd = firstEnd;
    recordEnd = end;
    headOnly = false;
    tries = found.tries;
    for (int i = 0; i < head; i++) {
      from[i] = found.from[i] + offset;
      to[i] = found.to[i] + offset;
    }
    System.arraycopy(found.times, 0, times, 0, head);
    return match(head, found.end + offset);
  }

  /// @param onlyHead whether what stands before the message is enough
  private boolean matches(byte[] buffer, int offset, int firstEnd, int end, boolean onlyHead) {
    text = buffer;
    lineEnd = firstEnd;
    recordEnd = end;
    headOnly = onlyHead;
    tries = 0;
    return match(0, offset);
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    int end = trimBack(buffer, offset, offset + length);
    int firstEnd = lineEnd(buffer, offset, end);
    int trace = firstEnd == end ? -1 : StackTraces.find(buffer, firstEnd + 1, end);
    int bodyEnd = trace < 0 ? end : beforeTrace(buffer, offset, trace);
    byte[] before = beforeException;
    if (before != null && firstEnd < end) {
      int inline = StackTraces.findInLine(buffer, offset, firstEnd, end, before);
      if (inline >= 0) {
        trace = inline;
        bodyEnd = inline;
      }
    }
    int headLineEnd = trimBack(buffer, offset, Math.min(firstEnd, bodyEnd));
    int bodyFrom;
    int pushed = parts.length;
    if (matchesBehindHead(buffer, offset, headLineEnd, bodyEnd)
        || matches(buffer, offset, headLineEnd, bodyEnd, false)) {
      bodyFrom = bodyEnd;
    } else if (headLineEnd < bodyEnd && matches(buffer, offset, headLineEnd, headLineEnd, false)) {
      bodyFrom = firstEnd;
    } else if (head > 0 && matches(buffer, offset, headLineEnd, bodyEnd, true)) {
      bodyFrom = bodyEnd;
      pushed = head;
    } else {
      return ParseResult.NO_MATCH;
    }
    for (int i = 0; i < pushed; i++) {
      push(i, sink);
    }
    if (message < 0) {
      sink.body(buffer, offset, bodyEnd - offset);
    } else if (pushed == head) {
      sink.body(buffer, headEnd, bodyEnd - headEnd);
    } else if (bodyFrom == bodyEnd) {
      sink.body(buffer, from[message], to[message] - from[message]);
    } else {
      joined(buffer, bodyFrom, bodyEnd, sink);
    }
    if (trace >= 0) {
      Exceptions.push(buffer, trace, end - trace, sink);
    }
    if (!hasTrace) {
      traces.find(buffer, offset, headLineEnd, sink);
    }
    return ParseResult.PARSED;
  }

  /// The message and the lines that follow what the pattern has after it.
  private void joined(byte[] buffer, int rest, int end, RecordSink sink) {
    int length = to[message] - from[message];
    if (scratch.length < length + end - rest) {
      scratch = new byte[2 * (length + end - rest)];
    }
    System.arraycopy(buffer, from[message], scratch, 0, length);
    System.arraycopy(buffer, rest, scratch, length, end - rest);
    sink.body(scratch, 0, length + end - rest);
  }

  private static int lineEnd(byte[] buffer, int at, int end) {
    int i = at;
    while (i < end && buffer[i] != '\n') {
      i++;
    }
    return i;
  }

  /// Spring Boot's `%wEx` leaves a line free before what it prints.
  private static int beforeTrace(byte[] buffer, int from, int trace) {
    int end = trimBack(buffer, from, trace - 1);
    return end > from && buffer[end - 1] == '\n' ? trimBack(buffer, from, end - 1) : end;
  }

  private static int trimBack(byte[] buffer, int from, int end) {
    return end > from && buffer[end - 1] == '\r' ? end - 1 : end;
  }

  /// Whether nothing would be lost behind the last part.
  private boolean isWhite(int at) {
    int i = at;
    while (i < lineEnd && text[i] >= 0 && text[i] <= ' ') {
      i++;
    }
    return i == lineEnd;
  }

  /// Finds part `index` and all after it from `at` on.
  private boolean match(int index, int at) {
    if (index == head && lineEnd != recordEnd && !headOnly) {
      int firstEnd = lineEnd;
      lineEnd = recordEnd;
      boolean rest = match(index, at);
      lineEnd = firstEnd;
      return rest;
    }
    if (index == head && headOnly) {
      headEnd = at;
      return true;
    }
    if (index == parts.length) {
      return message < 0 || isWhite(at);
    }
    if (++tries > MAX_TRIES) {
      return false;
    }
    Part part = parts[index];
    return switch (part.kind()) {
      case LITERAL -> literal(index, at, part.text());
      case DATE -> date(index, at, part.date());
      case LEVEL -> level(index, at, part);
      case MESSAGE -> toLiteral(index, at, part, true);
      case BRACKETED -> bracketed(index, at);
      case THREAD, LOGGER, MDC, MDC_ALL, METHOD, FILE, LINE, EXCEPTION, OTHER ->
          toLiteral(index, at, part, false);
    };
  }

  private boolean literal(int index, int from, byte[] literal) {
    int at = from;
    while (literal[0] == '\n' && at < lineEnd && text[at] == '\r') {
      at++;
    }
    if (Ascii.startsWith(text, at, lineEnd, literal)) {
      return match(index + 1, at + literal.length);
    }
    // An editor or a shipper may have cut the blanks at a line's end.
    boolean atEnd = lineEnd - at < literal.length && isBlank(literal, lineEnd - at);
    return atEnd
        && Arrays.equals(text, at, lineEnd, literal, 0, lineEnd - at)
        && match(index + 1, lineEnd);
  }

  /// What follows may begin with a bracket of its own: tried with the brackets first.
  private boolean bracketed(int index, int at) {
    set(index, at, at);
    if (at < lineEnd && text[at] == '[') {
      int close = at + 1;
      while (close < lineEnd && text[close] != ']') {
        close++;
      }
      if (close + 1 < lineEnd && text[close + 1] == ' ' && match(index + 1, close + 2)) {
        return true;
      }
    }
    return match(index + 1, at);
  }

  private static boolean isBlank(byte[] literal, int from) {
    for (int i = from; i < literal.length; i++) {
      if (literal[i] != ' ') {
        return false;
      }
    }
    return true;
  }

  private boolean date(int index, int at, @Nullable DateLayout layout) {
    if (layout == null || !layout.match(text, at, lineEnd, observedNanos)) {
      return false;
    }
    from[index] = at;
    to[index] = layout.end();
    times[index] = layout.nanos();
    return match(index + 1, layout.end());
  }

  private boolean level(int index, int at, Part part) {
    int start = part.left() && part.width() > 0 ? skipBlanks(at) : at;
    int end = start;
    while (end < lineEnd && Character.isLetter(text[end])) {
      end++;
    }
    if (end == start
        || (strict && Severities.numberOfWord(text, start, end - start, lineEnd) == 0)) {
      return false;
    }
    set(index, start, end);
    int padded = padded(part, at, end);
    // Not every writer pads as its pattern says that it does.
    return match(index + 1, padded) || (padded != end && match(index + 1, end));
  }

  /// A part that ends where the literal after it begins, or with the line.
  private boolean toLiteral(int index, int at, Part part, boolean lastFirst) {
    if (part.width() < 0) {
      set(index, at, at);
      return match(index + 1, skipBlanks(at));
    }
    int start = part.left() && part.width() > 0 ? skipBlanks(at) : at;
    Part next = index + 1 < parts.length ? parts[index + 1] : null;
    if (next == null) {
      set(index, start, lineEnd);
      return true;
    }
    if (next.kind() != Kind.LITERAL) {
      // Nothing tells where it ends: such a part is empty more often than not.
      set(index, start, start);
      return match(index + 1, padded(part, at, start));
    }
    byte[] stop = next.text();
    if (index + 1 == head && stop[0] == '\n') {
      return ends(index, start, lineEnd);
    }
    if (lastFirst) {
      for (int end = lineEnd - stop.length; end >= start; end--) {
        if (Ascii.startsWith(text, end, lineEnd, stop) && ends(index, start, end)) {
          return true;
        }
      }
      return isBlank(stop, 0) && ends(index, start, lineEnd);
    }
    int searchFrom = Math.max(start, Math.min(lineEnd, padded(part, at, start)));
    for (int end = Ascii.indexOf(text, searchFrom, lineEnd, stop);
        end >= 0;
        end = Ascii.indexOf(text, end + 1, lineEnd, stop)) {
      if (ends(index, start, end)) {
        return true;
      }
      // No longer one is a name, either.
      boolean hopeless = strict && part.kind() == Kind.LOGGER && hasBlank(start, end);
      if (hopeless || tries > MAX_TRIES) {
        return false;
      }
    }
    return false;
  }

  private boolean ends(int index, int start, int end) {
    int trimmed = end;
    if (parts[index].width() > 0 && !parts[index].left()) {
      while (trimmed > start && text[trimmed - 1] == ' ') {
        trimmed--;
      }
    }
    if (strict && parts[index].kind() == Kind.LOGGER && !isName(start, trimmed)) {
      return false;
    }
    if (!match(index + 1, end)) {
      return false;
    }
    set(index, start, trimmed);
    return true;
  }

  private boolean isName(int start, int end) {
    return end > start && !hasBlank(start, end);
  }

  private boolean hasBlank(int start, int end) {
    for (int i = start; i < end; i++) {
      if (text[i] == ' ') {
        return true;
      }
    }
    return false;
  }

  private void set(int index, int start, int end) {
    from[index] = start;
    to[index] = end;
  }

  private int skipBlanks(int at) {
    int i = at;
    while (i < lineEnd && text[i] == ' ') {
      i++;
    }
    return i;
  }

  /// Where a part that is padded on its right really ends.
  private int padded(Part part, int at, int end) {
    int i = end;
    if (!part.left()) {
      while (i < lineEnd && i - at < part.width() && text[i] == ' ') {
        i++;
      }
    }
    return i;
  }

  private void push(int index, RecordSink sink) {
    Part part = parts[index];
    int start = from[index];
    int length = to[index] - start;
    switch (part.kind()) {
      case LITERAL, MESSAGE, BRACKETED, EXCEPTION, OTHER -> {}
      case DATE -> {
        if (times[index] != LocalTime.NONE) {
          sink.timestamp(times[index]);
        }
      }
      case LEVEL -> sink.severity(Severities.number(text, start, length), text, start, length);
      case THREAD -> attribute(sink, THREAD, start, length);
      case LOGGER -> sink.logger(text, start, length);
      case METHOD -> attribute(sink, FUNCTION, start, length);
      case FILE -> attribute(sink, FILE, start, length);
      case LINE -> {
        int number = length > 0 && length < 9 ? Ascii.digits(text, start, length) : -1;
        if (number >= 0) {
          sink.attribute(LINE, 0, LINE.length, number);
        }
      }
      case MDC -> {
        boolean absent =
            length == 0
                || Arrays.equals(
                    text, start, start + length, part.absent(), 0, part.absent().length);
        if (!absent) {
          MdcNames.push(part.key(), 0, part.key().length, text, start, length, sink);
        }
      }
      case MDC_ALL -> mdc(start, start + length, sink);
    }
  }

  private void attribute(RecordSink sink, byte[] name, int start, int length) {
    // Where the caller is not known, Logback prints a question mark.
    if (length > 1 || (length == 1 && text[start] != '?')) {
      sink.attribute(name, 0, name.length, text, start, length);
    }
  }

  /// `key=value, key=value`
  private void mdc(int start, int end, RecordSink sink) {
    int at = start;
    while (at < end) {
      int equals = at;
      while (equals < end && text[equals] != '=') {
        equals++;
      }
      int stop = equals;
      while (stop < end && !(text[stop] == ',' && stop + 1 < end && text[stop + 1] == ' ')) {
        stop++;
      }
      if (equals < end) {
        MdcNames.push(text, at, equals - at, text, equals + 1, stop - equals - 1, sink);
      }
      at = stop + 2;
    }
  }
}

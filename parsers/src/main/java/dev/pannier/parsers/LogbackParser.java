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
  private static final byte[] FRAME = "\tat ".getBytes(US_ASCII);
  private static final byte[] CAUSE = "Caused by: ".getBytes(US_ASCII);
  private static final byte[] MORE = "\t... ".getBytes(US_ASCII);

  /// A line may offer many places where a part could end; so many are tried.
  private static final int MAX_TRIES = 256;

  private final Part[] parts;
  private final int[] from;
  private final int[] to;
  private final int message;
  private final MdcNames names = new MdcNames();
  private byte[] text = new byte[0];
  private int lineEnd;
  private int tries;

  LogbackParser(String pattern, ZoneId zone) {
    List<Part> list = LogbackPattern.parse(pattern, zone);
    parts = list.toArray(Part[]::new);
    from = new int[parts.length];
    to = new int[parts.length];
    int found = -1;
    for (int i = 0; i < parts.length; i++) {
      if (parts[i].kind() == Kind.MESSAGE) {
        found = i;
      }
    }
    message = found;
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    boolean shapeless = message == 0;
    return shapeless
        ? !Continuations.continues(buffer, offset, length)
        : matches(buffer, offset, offset + length);
  }

  private boolean matches(byte[] buffer, int offset, int end) {
    text = buffer;
    lineEnd = end;
    tries = 0;
    return match(0, offset);
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    int end = offset + length;
    int firstEnd = lineEnd(buffer, offset, end);
    int trimmed = firstEnd > offset && buffer[firstEnd - 1] == '\r' ? firstEnd - 1 : firstEnd;
    if (!matches(buffer, offset, trimmed)) {
      return ParseResult.NO_MATCH;
    }
    for (int i = 0; i < parts.length; i++) {
      push(i, sink);
    }
    if (message >= 0) {
      int trace = firstEnd == end ? -1 : traceStart(buffer, firstEnd, end);
      int bodyEnd = trace >= 0 ? trimBack(buffer, from[message], trace - 1) : end;
      boolean last = to[message] == trimmed;
      int messageEnd = last && (firstEnd < bodyEnd) ? bodyEnd : to[message];
      sink.body(buffer, from[message], messageEnd - from[message]);
      if (trace >= 0) {
        Exceptions.push(buffer, trace, end - trace, sink);
      }
    }
    return ParseResult.PARSED;
  }

  private static int lineEnd(byte[] buffer, int at, int end) {
    int i = at;
    while (i < end && buffer[i] != '\n') {
      i++;
    }
    return i;
  }

  private static int trimBack(byte[] buffer, int from, int end) {
    return end > from && buffer[end - 1] == '\r' ? end - 1 : end;
  }

  /// Where the printed exception begins: a throwable's line with a frame or a cause after it, or a
  /// throwable's line that is the last.
  private static int traceStart(byte[] buffer, int firstEnd, int end) {
    int line = firstEnd + 1;
    while (line < end) {
      int lineEnd = lineEnd(buffer, line, end);
      if (Continuations.isThrowable(buffer, line, trimBack(buffer, line, lineEnd) - line)) {
        int next = lineEnd + 1;
        if (next >= end || hasFrames(buffer, next, end)) {
          return line;
        }
      }
      line = lineEnd + 1;
    }
    return -1;
  }

  /// The exception's message may have several lines of its own.
  private static boolean hasFrames(byte[] buffer, int from, int end) {
    int line = from;
    while (line < end) {
      if (Ascii.startsWith(buffer, line, end, FRAME)
          || Ascii.startsWith(buffer, line, end, MORE)
          || Ascii.startsWith(buffer, line, end, CAUSE)) {
        return true;
      }
      line = lineEnd(buffer, line, end) + 1;
    }
    return false;
  }

  /// Finds part `index` and all after it from `at` on.
  private boolean match(int index, int at) {
    if (index == parts.length) {
      return true;
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
      case THREAD, LOGGER, MDC, MDC_ALL, METHOD, FILE, LINE, OTHER ->
          toLiteral(index, at, part, false);
    };
  }

  private boolean literal(int index, int at, byte[] literal) {
    if (Ascii.startsWith(text, at, lineEnd, literal)) {
      return match(index + 1, at + literal.length);
    }
    // An editor or a shipper may have cut the blanks at a line's end.
    boolean atEnd = lineEnd - at < literal.length && isBlank(literal, lineEnd - at);
    return atEnd
        && Arrays.equals(text, at, lineEnd, literal, 0, lineEnd - at)
        && match(index + 1, lineEnd);
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
    if (layout == null || !layout.match(text, at, lineEnd)) {
      return false;
    }
    from[index] = at;
    to[index] = layout.end();
    return match(index + 1, layout.end());
  }

  private boolean level(int index, int at, Part part) {
    int start = part.left() && part.width() > 0 ? skipBlanks(at) : at;
    int end = start;
    while (end < lineEnd && Character.isLetter(text[end])) {
      end++;
    }
    if (end == start) {
      return false;
    }
    set(index, start, end);
    return match(index + 1, padded(part, at, end));
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
      if (tries > MAX_TRIES) {
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
    if (!match(index + 1, end)) {
      return false;
    }
    set(index, start, trimmed);
    return true;
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
      case LITERAL, MESSAGE, OTHER -> {}
      case DATE -> {
        DateLayout layout = part.date();
        if (layout != null && layout.isDated()) {
          sink.timestamp(layout.nanos());
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
          names.push(part.key(), 0, part.key().length, text, start, length, sink);
        }
      }
      case MDC_ALL -> mdc(start, start + length, sink);
    }
  }

  private void attribute(RecordSink sink, byte[] name, int start, int length) {
    if (length > 0) {
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
        names.push(text, at, equals - at, text, equals + 1, stop - equals - 1, sink);
      }
      at = stop + 2;
    }
  }
}

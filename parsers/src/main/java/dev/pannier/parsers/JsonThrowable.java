package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/// A throwable as an object with its frames as an array of objects (Logback's JsonEncoder, Log4j's
/// JSON layouts), printed as the JVM would. Keeps what it printed last; one thread.
final class JsonThrowable {
  private static final byte[][][] OF_THROWABLES = {
    names("className", "name"),
    names("message"),
    names("stepArray", "extendedStackTrace"),
    names("commonFramesCount", "commonElementCount"),
    names("suppressed"),
    names("cause")
  };

  private static final byte[][][] OF_FRAMES = {
    names("className", "class"),
    names("methodName", "method"),
    names("fileName", "file"),
    names("lineNumber", "line")
  };

  private byte[] text = new byte[0];
  private int end;
  private byte[] printed = new byte[0];
  private int length;

  /// Where the values of the members that are asked for begin; -1 for none.
  private final int[] places = new int[OF_THROWABLES.length];

  private final JsonEscapes escapes = new JsonEscapes(256);

  private static byte[][] names(String... names) {
    return Arrays.stream(names).map(name -> name.getBytes(US_ASCII)).toArray(byte[][]::new);
  }

  /// @param from an object's brace
  /// @param to   the position behind its other one: it is valid JSON
  /// @return whether it was one with a class name and frames
  boolean print(byte[] buffer, int from, int to) {
    text = buffer;
    end = to;
    length = 0;
    return throwable(from, 0, "");
  }

  byte[] printed() {
    return printed;
  }

  int length() {
    return length;
  }

  private boolean throwable(int object, int depth, String caption) {
    find(object, OF_THROWABLES);
    int name = places[0];
    int message = places[1];
    int frames = places[2];
    int common = places[3];
    int suppressed = places[4];
    int cause = places[5];
    if (name < 0 || text[name] != '"' || frames < 0 || text[frames] != '[') {
      return false;
    }
    indent(depth);
    put(caption);
    string(name);
    if (message >= 0 && text[message] == '"') {
      put(": ");
      string(message);
    }
    put("\n");
    for (int frame = element(frames + 1); frame >= 0; frame = element(skip(frame))) {
      if (text[frame] != '{') {
        return false;
      }
      indent(depth);
      frame(frame);
    }
    if (common >= 0 && text[common] > '0' && text[common] <= '9') {
      indent(depth);
      put("\t... ");
      put(text, common, skip(common));
      put(" more\n");
    }
    if (suppressed >= 0 && text[suppressed] == '[') {
      for (int each = element(suppressed + 1); each >= 0; each = element(skip(each))) {
        if (text[each] != '{' || !throwable(each, depth + 1, "Suppressed: ")) {
          return false;
        }
      }
    }
    return cause < 0 || text[cause] != '{' || throwable(cause, depth, "Caused by: ");
  }

  /// `\tat a.B.c(B.java:1)`
  private void frame(int object) {
    find(object, OF_FRAMES);
    int file = places[2];
    int line = places[3];
    put("\tat ");
    string(places[0]);
    put(".");
    string(places[1]);
    boolean hasLine = line >= 0 && Ascii.isDigit(text[line]);
    put("(");
    int before = length;
    string(file);
    boolean known = length > before && !isNull(before);
    if (!known) {
      length = before;
      put(
          line >= 0 && text[line] == '-' && text[line + 1] == '2'
              ? "Native Method"
              : "Unknown Source");
    } else if (hasLine) {
      put(":");
      put(text, line, skip(line));
    }
    put(")\n");
  }

  private boolean isNull(int from) {
    return length - from == 4 && printed[from] == 'n' && printed[from + 1] == 'u';
  }

  /// Looks through an object once: objects may lie in objects.
  ///
  /// @param members for each place the names of the members of which the first counts
  private void find(int object, byte[][][] members) {
    Arrays.fill(places, -1);
    int at = blanks(object + 1);
    while (at < end && text[at] == '"') {
      int keyEnd = skip(at);
      int value = blanks(blanks(keyEnd) + 1);
      for (int i = 0; i < members.length; i++) {
        if (places[i] < 0 && isOneOf(members[i], at + 1, keyEnd - 1)) {
          places[i] = value;
        }
      }
      at = blanks(skip(value));
      if (at >= end || text[at] != ',') {
        return;
      }
      at = blanks(at + 1);
    }
  }

  private boolean isOneOf(byte[][] names, int from, int to) {
    for (byte[] name : names) {
      if (Arrays.equals(text, from, to, name, 0, name.length)) {
        return true;
      }
    }
    return false;
  }

  /// @param from behind an array's bracket, or behind one of its elements
  private int element(int from) {
    int at = blanks(from);
    if (at < end && text[at] == ',') {
      at = blanks(at + 1);
    }
    return at < end && text[at] != ']' ? at : -1;
  }

  /// Behind the value that begins here.
  private int skip(int from) {
    int depth = 0;
    int at = from;
    while (at < end) {
      byte b = text[at];
      switch (b) {
        case '"' -> {
          at++;
          while (text[at] != '"') {
            at += text[at] == '\\' ? 2 : 1;
          }
        }
        case '{', '[' -> depth++;
        case '}', ']' -> {
          if (depth == 0) {
            return at;
          }
          depth--;
        }
        case ',', ':', ' ', '\t', '\r', '\n' -> {
          if (depth == 0) {
            return at;
          }
        }
        default -> {}
      }
      at++;
      if (depth == 0 && (b == '"' || b == '}' || b == ']')) {
        return at;
      }
    }
    return at;
  }

  private int blanks(int from) {
    int at = from;
    while (at < end && text[at] <= ' ' && text[at] >= 0) {
      at++;
    }
    return at;
  }

  /// Appends the string that begins here; nothing for another value.
  private void string(int from) {
    if (from < 0 || text[from] != '"') {
      return;
    }
    int stop = Quotes.next(text, from + 1, end);
    if (text[stop] == '"') {
      put(text, from + 1, stop);
    } else if (escapes.read(text, from + 1, stop, end) >= 0) {
      put(escapes.bytes(), 0, escapes.length());
    }
  }

  private void indent(int depth) {
    for (int i = 0; i < depth; i++) {
      put("\t");
    }
  }

  private void put(String ascii) {
    room(ascii.length());
    for (int i = 0; i < ascii.length(); i++) {
      printed[length++] = (byte) ascii.charAt(i);
    }
  }

  private void put(byte[] bytes, int from, int to) {
    room(to - from);
    System.arraycopy(bytes, from, printed, length, to - from);
    length += to - from;
  }

  private void room(int more) {
    if (printed.length < length + more) {
      printed = Arrays.copyOf(printed, 2 * (length + more));
    }
  }
}

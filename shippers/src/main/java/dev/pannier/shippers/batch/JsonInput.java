package dev.pannier.shippers.batch;

/// JSON (RFC 8259, in UTF-8), walked over once where it lies. Whatever it is, nothing of it is kept:
/// a string goes where the caller wants it, or nowhere.
final class JsonInput {
  /// An opening brace.
  static final int OBJECT = '{';

  /// An opening bracket.
  static final int ARRAY = '[';

  static final int STRING = '"';
  static final int TRUE = 't';
  static final int FALSE = 'f';
  static final int NULL = 'n';
  static final int NUMBER = '0';

  /// Below the values that are read, values that are passed over may go as deep again.
  private static final int MAX_DEPTH = 100;

  private static final int MAX_UTF8 = 4;
  private static final int HEX_DIGITS = 4;
  private static final int NOT_VALID = 0xFFFD;

  private final byte[] bytes;
  private final int start;
  private final int end;
  private final ByteOutput nowhere = new ByteOutput(0);

  private int at;

  /// Walks over `[offset, offset + length)`.
  JsonInput(byte[] bytes, int offset, int length) {
    this.bytes = bytes;
    this.start = offset;
    this.end = offset + length;
    boolean hasByteOrderMark =
        length >= 3
            && bytes[offset] == (byte) 0xEF
            && bytes[offset + 1] == (byte) 0xBB
            && bytes[offset + 2] == (byte) 0xBF;
    this.at = hasByteOrderMark ? offset + 3 : offset;
  }

  /// Where it is, from the beginning.
  int offset() {
    return at - start;
  }

  /// Whether nothing follows but blanks.
  boolean isAtEnd() {
    passBlanks();
    return at == end;
  }

  /// What the next value is: [#OBJECT], [#ARRAY], [#STRING], [#NUMBER], [#TRUE], [#FALSE] or
  /// [#NULL].
  int kind() throws Broken {
    int next = next();
    return switch (next) {
      case OBJECT, ARRAY, STRING, TRUE, FALSE, NULL -> next;
      default -> {
        if (next != '-' && !isDigit(next)) {
          throw notWellFormed();
        }
        yield NUMBER;
      }
    };
  }

  /// Steps into the object or array that is next.
  void enter() {
    at++;
  }

  /// Steps to the next name or element, or out of the object or array.
  ///
  /// @param closing `}` or `]`
  /// @param isFirst whether it was only entered
  /// @return false where it is over
  boolean hasNext(int closing, boolean isFirst) throws Broken {
    int next = next();
    if (next == closing) {
      at++;
      return false;
    }
    if (!isFirst) {
      pass(',');
    }
    return true;
  }

  /// Writes the name that is next, up to a length of `most`, and steps to its value.
  ///
  /// @return whether all of it was written
  boolean name(ByteOutput out, int most) throws Broken {
    if (next() != STRING) {
      throw notWellFormed();
    }
    boolean fits = string(out, most);
    next();
    pass(':');
    return fits;
  }

  /// Writes the string that is next as UTF-8 until `out` would be longer than `most`, and steps
  /// behind it. Half a surrogate pair becomes U+FFFD.
  ///
  /// @return whether all of it was written
  boolean string(ByteOutput out, int most) throws Broken {
    at++;
    boolean fits = true;
    while (true) {
      int from = at;
      passPlain();
      fits = fits && at - from <= most - out.length();
      if (fits) {
        out.write(bytes, from, at - from);
      }
      if (bytes[at++] == '"') {
        return fits;
      }
      int codePoint = escaped();
      fits = fits && width(codePoint) <= most - out.length();
      if (fits) {
        write(codePoint, out);
      }
    }
  }

  /// Writes the number that is next as it stands, up to a length of `most`, and steps behind it.
  ///
  /// @return whether all of it was written
  boolean number(ByteOutput out, int most) throws Broken {
    int from = at;
    if (bytes[at] == '-') {
      at++;
    }
    int first = at;
    passDigits();
    if (bytes[first] == '0' && at - first > 1) {
      throw notWellFormed();
    }
    if (at < end && bytes[at] == '.') {
      at++;
      passDigits();
    }
    if (at < end && (bytes[at] == 'e' || bytes[at] == 'E')) {
      at++;
      if (at < end && (bytes[at] == '+' || bytes[at] == '-')) {
        at++;
      }
      passDigits();
    }
    boolean fits = at - from <= most - out.length();
    if (fits) {
      out.write(bytes, from, at - from);
    }
    return fits;
  }

  /// Steps over the value that is next.
  void skip() throws Broken {
    skip(1);
  }

  private void skip(int depth) throws Broken {
    if (depth > MAX_DEPTH) {
      throw new Broken("the JSON is nested too deeply");
    }
    switch (kind()) {
      case OBJECT -> {
        enter();
        for (boolean isFirst = true; hasNext('}', isFirst); isFirst = false) {
          name(nowhere, 0);
          skip(depth + 1);
        }
      }
      case ARRAY -> {
        enter();
        for (boolean isFirst = true; hasNext(']', isFirst); isFirst = false) {
          skip(depth + 1);
        }
      }
      case STRING -> string(nowhere, 0);
      case NUMBER -> number(nowhere, 0);
      case TRUE -> pass("true");
      case FALSE -> pass("false");
      default -> pass("null");
    }
  }

  private void pass(String literal) throws Broken {
    for (int i = 0; i < literal.length(); i++) {
      if (at == end) {
        throw cutShort();
      }
      pass(literal.charAt(i));
    }
  }

  private void pass(int wanted) throws Broken {
    if (bytes[at] != wanted) {
      throw notWellFormed();
    }
    at++;
  }

  private void passDigits() throws Broken {
    if (at == end) {
      throw cutShort();
    }
    if (!isDigit(bytes[at])) {
      throw notWellFormed();
    }
    while (at < end && isDigit(bytes[at])) {
      at++;
    }
  }

  private static boolean isDigit(int b) {
    return b >= '0' && b <= '9';
  }

  private void passBlanks() {
    while (at < end
        && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) {
      at++;
    }
  }

  /// The first byte that is no blank, which is not stepped over.
  private int next() throws Broken {
    passBlanks();
    if (at == end) {
      throw cutShort();
    }
    return bytes[at];
  }

  /// Steps to the quote or backslash that ends a piece of a string.
  private void passPlain() throws Broken {
    int from = at;
    while (at < end && bytes[at] != '"' && bytes[at] != '\\') {
      if (bytes[at] >= 0 && bytes[at] < ' ') {
        throw notWellFormed();
      }
      at++;
    }
    if (at == end) {
      throw cutShort();
    }
    if (!Utf8.isValid(bytes, from, at)) {
      at = from;
      throw notWellFormed();
    }
  }

  /// What the escape stands for whose backslash is just passed; with a high surrogate the low one
  /// is read, too.
  private int escaped() throws Broken {
    if (at == end) {
      throw cutShort();
    }
    int escape = bytes[at++];
    return switch (escape) {
      case '"', '\\', '/' -> escape;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        char unit = codeUnit();
        if (!Character.isSurrogate(unit)) {
          yield unit;
        }
        if (Character.isHighSurrogate(unit)
            && end - at >= 2
            && bytes[at] == '\\'
            && bytes[at + 1] == 'u') {
          int before = at;
          at += 2;
          char second = codeUnit();
          if (Character.isLowSurrogate(second)) {
            yield Character.toCodePoint(unit, second);
          }
          at = before;
        }
        yield NOT_VALID;
      }
      default -> throw notWellFormed();
    };
  }

  private char codeUnit() throws Broken {
    int unit = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
      if (at == end) {
        throw cutShort();
      }
      int digit = bytes[at] < 0 ? -1 : Character.digit(bytes[at], 16);
      if (digit < 0) {
        throw notWellFormed();
      }
      unit = unit << 4 | digit;
      at++;
    }
    return (char) unit;
  }

  private static int width(int codePoint) {
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : MAX_UTF8;
  }

  private static void write(int codePoint, ByteOutput out) {
    int shift = 6 * (width(codePoint) - 1);
    if (shift == 0) {
      out.write(codePoint);
      return;
    }
    // As many ones as there are bytes, then a zero.
    out.write((0xF0 << ((18 - shift) / 6)) | (codePoint >> shift));
    while (shift > 0) {
      shift -= 6;
      out.write(0x80 | (codePoint >> shift & 0x3F));
    }
  }

  private static Broken cutShort() {
    return new Broken("the JSON ends before it is complete");
  }

  private static Broken notWellFormed() {
    return new Broken("the JSON is not well-formed");
  }

  /// It is no JSON, or not the one that was to be read.
  static class Broken extends Exception {
    final String reason;

    Broken(String reason) {
      super(reason, null, false, false);
      this.reason = reason;
    }
  }
}

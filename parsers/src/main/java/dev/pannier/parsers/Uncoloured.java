package dev.pannier.parsers;

/// Takes the terminal's escape sequences (ECMA-48, 5.4: `ESC [`, parameters, one letter) out of
/// what a parser reads. A record without any is passed on where it lies.
final class Uncoloured implements LineParser {
  private static final byte ESCAPE = 0x1B;

  /// The text of the record that is being read; many parsers of one thread may share it.
  static final class Scratch {
    private byte[] bytes = new byte[512];
  }

  private final LineParser parser;
  private final Scratch scratch;

  Uncoloured(LineParser parser, Scratch scratch) {
    this.parser = parser;
    this.scratch = scratch;
  }

  @Override
  public void observedAt(long epochNanos) {
    parser.observedAt(epochNanos);
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    int first = firstEscape(buffer, offset, length);
    if (first < 0) {
      return parser.startsRecord(buffer, offset, length);
    }
    int plain = strip(buffer, offset, first, offset + length);
    return parser.startsRecord(scratch.bytes, 0, plain);
  }

  @Override
  public boolean continuesException(byte[] buffer, int record, int line, int length) {
    return parser.continuesException(buffer, record, line, length);
  }

  @Override
  public boolean endsRecord(byte[] buffer, int offset, int length) {
    return firstEscape(buffer, offset, length) < 0 && parser.endsRecord(buffer, offset, length);
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    int first = firstEscape(buffer, offset, length);
    if (first < 0) {
      return parser.parse(buffer, offset, length, sink);
    }
    int plain = strip(buffer, offset, first, offset + length);
    return parser.parse(scratch.bytes, 0, plain, sink);
  }

  /// JSON has no escape as such: a whole object is not searched.
  private static int firstEscape(byte[] buffer, int offset, int length) {
    boolean object = length > 1 && buffer[offset] == '{' && buffer[offset + length - 1] == '}';
    return object ? -1 : Quotes.nextEscape(buffer, offset, offset + length);
  }

  private int strip(byte[] buffer, int offset, int first, int end) {
    if (scratch.bytes.length < end - offset) {
      scratch.bytes = new byte[Integer.highestOneBit(end - offset) << 1];
    }
    byte[] to = scratch.bytes;
    System.arraycopy(buffer, offset, to, 0, first - offset);
    int length = first - offset;
    int at = first;
    while (at < end) {
      int after = buffer[at] == ESCAPE ? sequenceEnd(buffer, at, end) : -1;
      if (after > 0) {
        at = after;
      } else {
        to[length++] = buffer[at++];
      }
    }
    return length;
  }

  /// @return the position behind the sequence; -1 where it is none
  private static int sequenceEnd(byte[] buffer, int at, int end) {
    if (at + 1 >= end || buffer[at + 1] != '[') {
      return -1;
    }
    int i = at + 2;
    while (i < end && buffer[i] >= 0x20 && buffer[i] <= 0x3F) {
      i++;
    }
    return i < end && buffer[i] >= 0x40 && buffer[i] <= 0x7E ? i + 1 : -1;
  }
}

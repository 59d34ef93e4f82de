package dev.pannier.collector.tail;

import dev.pannier.collector.config.Charsets;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Where a line ends in one charset, and what it is in UTF-8. Charsets in which a byte below 128 is
/// always the ASCII character (so 0x0A is always a line's end), and UTF-16, whose units are of two
/// bytes: a line begins at a whole unit, and so is looked through in steps of two.
///
/// Keeps scratch space; one thread. ASCII and well-formed UTF-8 are passed on where they lie.
final class Transcoder {
  private enum Kind {
    UTF_8,
    UTF_16_LITTLE,
    UTF_16_BIG,
    ONE_BYTE,
    SEVERAL_BYTES
  }

  private static final int REPLACEMENT = 0xFFFD;
  private static final byte[] UTF_8_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
  private static final byte[] LITTLE_MARK = {(byte) 0xFF, (byte) 0xFE};
  private static final byte[] BIG_MARK = {(byte) 0xFE, (byte) 0xFF};
  private static final byte[] GB18030_MARK = {(byte) 0x84, 0x31, (byte) 0x95, 0x33};

  private final Kind kind;
  private final Charset charset;

  /// For [Kind#ONE_BYTE]: each byte's character, -1 where it has none.
  private final int[] table;

  private final @Nullable CharsetDecoder decoder;
  private CharBuffer characters = CharBuffer.allocate(0);
  private ByteBuffer wrapped = ByteBuffer.allocate(0);

  private @Nullable Transcoder little;
  private @Nullable Transcoder big;

  /// What [#expect] was told of.
  private byte[] expected = new byte[0];

  private int expectedTo;

  /// Within it, `[asciiFrom, asciiTo)` is ASCII, and the byte at `asciiTo`, if any, is not.
  private int asciiFrom;

  private int asciiTo;

  private byte[] scratch = new byte[0];
  private int scratchEnd;
  private byte[] result = scratch;
  private int resultFrom;
  private int resultTo;

  private Transcoder(Kind kind, Charset charset) {
    this.kind = kind;
    this.charset = charset;
    table = kind == Kind.ONE_BYTE ? table(charset) : new int[0];
    decoder = kind == Kind.SEVERAL_BYTES ? charset.newDecoder() : null;
  }

  /// UTF-16 without an order is big-endian, as Unicode has it, unless a mark says otherwise.
  ///
  /// @throws IllegalArgumentException for a charset whose lines cannot be found by their bytes
  static Transcoder of(Charset charset) {
    if (!Charsets.isSupported(charset)) {
      throw new IllegalArgumentException("charset has no ASCII line ends: " + charset);
    }
    if (charset.equals(StandardCharsets.UTF_8)) {
      return new Transcoder(Kind.UTF_8, charset);
    }
    if (isUtf16(charset)) {
      return new Transcoder(
          charset.name().contains("LE") ? Kind.UTF_16_LITTLE : Kind.UTF_16_BIG, charset);
    }
    boolean oneByte = charset.newEncoder().maxBytesPerChar() == 1;
    return new Transcoder(oneByte ? Kind.ONE_BYTE : Kind.SEVERAL_BYTES, charset);
  }

  private static boolean isUtf16(Charset charset) {
    return charset.name().contains("UTF-16");
  }

  private static int[] table(Charset charset) {
    int[] table = new int[256];
    for (int i = 0; i < table.length; i++) {
      try {
        table[i] = charset.newDecoder().decode(ByteBuffer.wrap(new byte[] {(byte) i})).get(0);
      } catch (CharacterCodingException e) {
        table[i] = -1;
      }
    }
    return table;
  }

  /// The one for a file that begins with these bytes: a UTF-16 mark outranks the configuration
  /// where that says Unicode.
  Transcoder forHead(byte[] head, int length) {
    if (kind == Kind.ONE_BYTE || kind == Kind.SEVERAL_BYTES) {
      return this;
    }
    if (kind != Kind.UTF_16_LITTLE && startsWith(head, length, LITTLE_MARK)) {
      if (little == null) {
        little = new Transcoder(Kind.UTF_16_LITTLE, StandardCharsets.UTF_16LE);
      }
      return little;
    }
    if (kind != Kind.UTF_16_BIG && startsWith(head, length, BIG_MARK)) {
      if (big == null) {
        big = new Transcoder(Kind.UTF_16_BIG, StandardCharsets.UTF_16BE);
      }
      return big;
    }
    return this;
  }

  /// How many bytes of byte order mark a file begins with.
  int markLength(byte[] head, int length) {
    byte[] mark =
        switch (kind) {
          case UTF_8 -> UTF_8_MARK;
          case UTF_16_LITTLE -> LITTLE_MARK;
          case UTF_16_BIG -> BIG_MARK;
          case SEVERAL_BYTES -> GB18030_MARK;
          case ONE_BYTE -> new byte[0];
        };
    return startsWith(head, length, mark) ? mark.length : 0;
  }

  private static boolean startsWith(byte[] head, int length, byte[] mark) {
    return length >= mark.length && Arrays.equals(head, 0, mark.length, mark, 0, mark.length);
  }

  /// How many bytes a line's end has, and a carriage return before it: 1, or 2 in UTF-16.
  int unit() {
    return kind == Kind.UTF_16_LITTLE || kind == Kind.UTF_16_BIG ? 2 : 1;
  }

  /// @param from a whole character begins here
  /// @return where the first line end in `[from, to)` begins, -1 if there is none
  int newline(byte[] buffer, int from, int to) {
    if (unit() == 1) {
      return Bytes.newline(buffer, from, to);
    }
    int low = kind == Kind.UTF_16_LITTLE ? 0 : 1;
    for (int i = from; ; ) {
      int hit = Bytes.newline(buffer, i, to);
      if (hit < 0) {
        return -1;
      }
      int at = hit - low;
      if (((at - from) & 1) == 0 && at + 1 < to && buffer[at + 1 - low] == 0) {
        return at;
      }
      // Half of another character, such as U+0A00 or U+040A; the unit after it may be a line end.
      i = hit + 1;
    }
  }

  /// The line's end without the carriage return of CR LF.
  int withoutCarriageReturn(byte[] buffer, int from, int end) {
    int unit = unit();
    if (end - from < unit) {
      return end;
    }
    int last = end - unit;
    boolean is =
        switch (kind) {
          case UTF_16_LITTLE -> buffer[last] == '\r' && buffer[last + 1] == 0;
          case UTF_16_BIG -> buffer[last] == 0 && buffer[last + 1] == '\r';
          case UTF_8, ONE_BYTE, SEVERAL_BYTES -> buffer[last] == '\r';
        };
    return is ? last : end;
  }

  /// Where to cut a line that is too long.
  ///
  /// @return the last position in `(from, limit]` at which a character begins; `limit` where the
  ///     bytes are not of the charset, but never inside a unit of UTF-16
  int boundary(byte[] buffer, int from, int limit) {
    int cut =
        switch (kind) {
          case UTF_8 -> utf8Boundary(buffer, from, limit);
          case ONE_BYTE -> limit;
          case UTF_16_LITTLE, UTF_16_BIG -> utf16Boundary(buffer, from, limit);
          case SEVERAL_BYTES -> decodedBoundary(buffer, from, limit);
        };
    return cut > from || unit() == 2 ? cut : limit;
  }

  private static int utf8Boundary(byte[] buffer, int from, int limit) {
    int lead = limit - 1;
    while (lead > from && limit - lead < 4 && (buffer[lead] & 0xC0) == 0x80) {
      lead--;
    }
    int first = buffer[lead] & 0xFF;
    int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    return length > limit - lead && lead > from ? lead : limit;
  }

  private int utf16Boundary(byte[] buffer, int from, int limit) {
    int even = limit - ((limit - from) & 1);
    boolean splitsPair = even - 2 > from && Character.isHighSurrogate(unitAt(buffer, even - 2));
    return splitsPair ? even - 2 : even;
  }

  private int decodedBoundary(byte[] buffer, int from, int limit) {
    ByteBuffer in = wrap(buffer, from, limit);
    while (true) {
      CoderResult coded = decode(in, false);
      if (coded.isUnderflow()) {
        return in.position();
      }
      if (coded.isError()) {
        in.position(in.position() + coded.length());
      }
    }
  }

  /// Makes UTF-8 of `[from, to)`; the answer is in [#bytes], [#from] and [#to] until the next call.
  ///
  /// @return whether something was replaced by U+FFFD
  boolean toUtf8(byte[] buffer, int from, int to) {
    if (buffer == expected && from >= asciiFrom && to <= asciiTo) {
      result = buffer;
      resultFrom = from;
      resultTo = to;
      return false;
    }
    return make(buffer, from, to);
  }

  private boolean make(byte[] buffer, int from, int to) {
    int ascii = unit() == 2 ? from : endOfAscii(buffer, from, to);
    if (ascii == to || (kind == Kind.UTF_8 && Bytes.isUtf8(buffer, ascii, to))) {
      result = buffer;
      resultFrom = from;
      resultTo = to;
      return false;
    }
    scratchEnd = 0;
    ensure(3 * (to - from));
    System.arraycopy(buffer, from, scratch, 0, ascii - from);
    scratchEnd = ascii - from;
    boolean replaced =
        switch (kind) {
          case UTF_8 -> repairUtf8(buffer, ascii, to);
          case UTF_16_LITTLE, UTF_16_BIG -> fromUtf16(buffer, from, to);
          case ONE_BYTE -> fromTable(buffer, ascii, to);
          case SEVERAL_BYTES -> decodeAll(buffer, ascii, to);
        };
    result = scratch;
    resultFrom = 0;
    resultTo = scratchEnd;
    return replaced;
  }

  /// Lines within `[from, to)` are about to be asked for, mostly one after the other: what of them
  /// is ASCII is then found out once, not line by line. To be told whenever the buffer has other
  /// bytes.
  void expect(byte[] buffer, int from, int to) {
    expected = buffer;
    expectedTo = to;
    asciiFrom = from;
    asciiTo = unit() == 2 ? from : Bytes.endOfAscii(buffer, from, to);
  }

  private int endOfAscii(byte[] buffer, int from, int to) {
    if (buffer != expected || from < asciiFrom || to > expectedTo) {
      return Bytes.endOfAscii(buffer, from, to);
    }
    if (from > asciiTo) {
      asciiFrom = from;
      asciiTo = Bytes.endOfAscii(buffer, from, expectedTo);
    }
    return Math.min(to, asciiTo);
  }

  byte[] bytes() {
    return result;
  }

  int from() {
    return resultFrom;
  }

  int to() {
    return resultTo;
  }

  /// Each longest beginning of a character that does not go on becomes one U+FFFD, as the Unicode
  /// Standard recommends (section 3.9).
  private boolean repairUtf8(byte[] buffer, int from, int to) {
    boolean replaced = false;
    int i = from;
    while (i < to) {
      int lead = buffer[i] & 0xFF;
      int following = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
      int good = 1;
      boolean whole = lead < 0x80;
      if (lead >= 0xC2 && lead <= 0xF4) {
        while (good <= following && i + good < to && isNext(lead, good, buffer[i + good] & 0xFF)) {
          good++;
        }
        whole = good == following + 1;
      }
      if (whole) {
        System.arraycopy(buffer, i, scratch, scratchEnd, good);
        scratchEnd += good;
      } else {
        append(REPLACEMENT);
        replaced = true;
      }
      i += good;
    }
    return replaced;
  }

  /// Unicode Standard, table 3-7.
  private static boolean isNext(int lead, int index, int next) {
    int low = index > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int high = index > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return next >= low && next <= high;
  }

  private boolean fromUtf16(byte[] buffer, int from, int to) {
    boolean replaced = false;
    int i = from;
    for (; i + 1 < to; i += 2) {
      char unit = unitAt(buffer, i);
      if (!Character.isSurrogate(unit)) {
        append(unit);
      } else if (Character.isHighSurrogate(unit)
          && i + 3 < to
          && Character.isLowSurrogate(unitAt(buffer, i + 2))) {
        append(Character.toCodePoint(unit, unitAt(buffer, i + 2)));
        i += 2;
      } else {
        append(REPLACEMENT);
        replaced = true;
      }
    }
    if (i < to) {
      append(REPLACEMENT);
      replaced = true;
    }
    return replaced;
  }

  private char unitAt(byte[] buffer, int at) {
    int first = buffer[at] & 0xFF;
    int second = buffer[at + 1] & 0xFF;
    return (char) (kind == Kind.UTF_16_LITTLE ? second << 8 | first : first << 8 | second);
  }

  private boolean fromTable(byte[] buffer, int from, int to) {
    boolean replaced = false;
    for (int i = from; i < to; i++) {
      int character = table[buffer[i] & 0xFF];
      replaced |= character < 0;
      append(character < 0 ? REPLACEMENT : character);
    }
    return replaced;
  }

  private boolean decodeAll(byte[] buffer, int from, int to) {
    boolean replaced = false;
    ByteBuffer in = wrap(buffer, from, to);
    while (in.hasRemaining()) {
      CoderResult coded = decode(in, true);
      characters.flip();
      appendCharacters();
      if (coded.isError()) {
        append(REPLACEMENT);
        replaced = true;
        in.position(in.position() + coded.length());
      }
    }
    return replaced;
  }

  /// Decodes into [#characters] until they are full, the input ends or it is malformed.
  private CoderResult decode(ByteBuffer in, boolean end) {
    if (characters.capacity() == 0) {
      characters = CharBuffer.allocate(1024);
    }
    characters.clear();
    return Objects.requireNonNull(decoder).reset().decode(in, characters, end);
  }

  private void appendCharacters() {
    while (characters.hasRemaining()) {
      char unit = characters.get();
      if (Character.isHighSurrogate(unit) && characters.hasRemaining()) {
        append(Character.toCodePoint(unit, characters.get()));
      } else {
        append(unit);
      }
    }
  }

  private ByteBuffer wrap(byte[] buffer, int from, int to) {
    if (wrapped.array() != buffer) {
      wrapped = ByteBuffer.wrap(buffer);
    }
    return wrapped.limit(to).position(from);
  }

  private void ensure(int capacity) {
    if (scratch.length < capacity) {
      scratch = new byte[Math.max(1024, capacity)];
    }
  }

  private void append(int character) {
    if (character < 0x80) {
      scratch[scratchEnd++] = (byte) character;
    } else if (character < 0x800) {
      scratch[scratchEnd++] = (byte) (0xC0 | character >> 6);
      scratch[scratchEnd++] = (byte) (0x80 | (character & 0x3F));
    } else if (character < 0x10000) {
      scratch[scratchEnd++] = (byte) (0xE0 | character >> 12);
      scratch[scratchEnd++] = (byte) (0x80 | ((character >> 6) & 0x3F));
      scratch[scratchEnd++] = (byte) (0x80 | (character & 0x3F));
    } else {
      scratch[scratchEnd++] = (byte) (0xF0 | character >> 18);
      scratch[scratchEnd++] = (byte) (0x80 | ((character >> 12) & 0x3F));
      scratch[scratchEnd++] = (byte) (0x80 | ((character >> 6) & 0x3F));
      scratch[scratchEnd++] = (byte) (0x80 | (character & 0x3F));
    }
  }

  @Override
  public String toString() {
    return charset.name();
  }
}

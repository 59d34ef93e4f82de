package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.batch.MessageType.Field;

/// Reads a request in OTLP's JSON mapping (OTLP 1.x, "JSON Protobuf Encoding", on top of proto3's)
/// and writes it as protobuf. Names are lowerCamelCase or as in the `.proto` files; ids are
/// hexadecimal in either case, and others have a wrong length as protobuf; enums are numbers or names; integers are numbers or strings;
/// unknown fields are passed over, and `null` is no value. It never throws, whatever the bytes are,
/// and holds the array that the protobuf goes to and nothing more that grows with the request.
public final class OtlpJsonReader {
  /// How much larger than the largest request the array is that it is written to: what is written
  /// between two looks at its length fits in there.
  public static final int MARGIN = 64;

  /// As deep as protobuf's own readers go.
  private static final int MAX_DEPTH = 100;

  private static final int LIKELY_LENGTH = 100;

  /// Of a name, a number or an enum's name; a double may have a thousand digits.
  private static final int MAX_SHORT_TEXT = 1_100;

  private final JsonInput input;
  private final ByteOutput out;
  private final int maxBytes;
  private final ByteOutput text = new ByteOutput(MAX_SHORT_TEXT);

  private OtlpJsonReader(JsonInput input, ByteOutput out, int maxBytes) {
    this.input = input;
    this.out = out;
    this.maxBytes = maxBytes;
  }

  /// Reads the JSON in `[offset, offset + length)`.
  ///
  /// @param capacity the size of the array that is made for the protobuf: the largest request that
  ///     is read is [#MARGIN] smaller. Mostly protobuf is smaller than its JSON, but it can be four
  ///     times as large
  public static JsonRequest read(Signal signal, byte[] json, int offset, int length, int capacity) {
    JsonInput input = new JsonInput(json, offset, length);
    ByteOutput out = new ByteOutput(capacity);
    try {
      new OtlpJsonReader(input, out, capacity - MARGIN).request(Schema.request(signal));
      return new JsonRequest.Read(out.bytes(), out.length());
    } catch (TooLarge e) {
      return new JsonRequest.TooLarge();
    } catch (JsonInput.Broken e) {
      return new JsonRequest.Malformed(e.reason, input.offset());
    }
  }

  private void request(MessageType type) throws JsonInput.Broken {
    if (input.kind() != JsonInput.OBJECT) {
      throw new JsonInput.Broken("no JSON object");
    }
    message(type, 1);
    if (!input.isAtEnd()) {
      throw new JsonInput.Broken("more after the JSON object");
    }
  }

  private void message(MessageType type, int depth) throws JsonInput.Broken {
    if (depth > MAX_DEPTH) {
      throw new JsonInput.Broken("messages nested deeper than " + MAX_DEPTH);
    }
    checkLength();
    input.enter();
    for (boolean isFirst = true; input.hasNext('}', isFirst); isFirst = false) {
      text.truncate(0);
      Field field =
          input.name(text, MAX_SHORT_TEXT) ? type.field(text.bytes(), text.length()) : null;
      int kind = input.kind();
      if (field == null || kind == JsonInput.NULL) {
        input.skip();
      } else if (field.repeated()) {
        array(field, kind, depth);
      } else {
        value(field, kind, depth);
      }
      checkLength();
    }
  }

  private void checkLength() throws TooLarge {
    if (out.length() > maxBytes) {
      throw new TooLarge();
    }
  }

  private void array(Field field, int kind, int depth) throws JsonInput.Broken {
    if (kind != JsonInput.ARRAY) {
      throw new JsonInput.Broken(field.name() + " is no array");
    }
    boolean isPacked = field.isPackable();
    long opened = isPacked ? out.open(field.number(), LIKELY_LENGTH) : 0;
    input.enter();
    for (boolean isFirst = true; input.hasNext(']', isFirst); isFirst = false) {
      if (isPacked) {
        number(field, input.kind());
      } else {
        value(field, input.kind(), depth);
      }
      checkLength();
    }
    if (isPacked) {
      out.close(opened);
    }
  }

  private void value(Field field, int kind, int depth) throws JsonInput.Broken {
    switch (field.kind()) {
      case MESSAGE -> {
        long opened = out.open(field.number(), LIKELY_LENGTH);
        if (kind == JsonInput.OBJECT) {
          message(field.message(), depth + 1);
        } else if (kind == JsonInput.NULL) {
          input.skip();
        } else {
          throw new JsonInput.Broken(field.name() + " is no object");
        }
        out.close(opened);
      }
      case STRING, BYTES, TRACE_ID, SPAN_ID -> {
        if (kind != JsonInput.STRING) {
          throw new JsonInput.Broken(field.name() + " is no string");
        }
        text(field);
      }
      default -> {
        out.tag(field.number(), field.kind().wireType);
        number(field, kind);
      }
    }
  }

  private void text(Field field) throws JsonInput.Broken {
    long opened = out.open(field.number(), LIKELY_LENGTH);
    int from = out.length();
    if (!input.string(out, maxBytes)) {
      throw new TooLarge();
    }
    switch (field.kind()) {
      case STRING -> {}
      case BYTES -> {
        if (!TextDecoder.base64(out, from)) {
          throw new JsonInput.Broken(field.name() + " is no base64");
        }
      }
      default -> {
        if (!TextDecoder.hex(out, from)) {
          // No id has this length, so that its record alone is refused, as it is in protobuf.
          out.truncate(from);
          out.write(0);
        }
      }
    }
    out.close(opened);
  }

  /// Writes a number without its tag.
  private void number(Field field, int kind) throws JsonInput.Broken {
    switch (field.kind()) {
      case BOOL -> {
        if (kind != JsonInput.TRUE && kind != JsonInput.FALSE) {
          throw new JsonInput.Broken(field.name() + " is neither true nor false");
        }
        input.skip();
        out.write(kind == JsonInput.TRUE ? 1 : 0);
      }
      case DOUBLE ->
          out.fixed64(Double.doubleToRawLongBits(decimal(field, numberText(field, kind))));
      case ENUM -> out.varint(choice(field, kind));
      case FIXED64 -> out.fixed64(unsigned(field, numberText(field, kind)));
      case SFIXED64 -> out.fixed64(integer(field, numberText(field, kind)));
      case UINT64 -> out.varint(unsigned(field, numberText(field, kind)));
      case INT64 -> out.varint(integer(field, numberText(field, kind)));
      case SINT32 -> {
        long value =
            within(
                field,
                integer(field, numberText(field, kind)),
                Integer.MIN_VALUE,
                Integer.MAX_VALUE);
        out.varint((value << 1 ^ value >> 63) & 0xFFFF_FFFFL);
      }
      case UINT32 ->
          out.varint(within(field, integer(field, numberText(field, kind)), 0, 0xFFFF_FFFFL));
      default ->
          out.fixed32(
              (int) within(field, integer(field, numberText(field, kind)), 0, 0xFFFF_FFFFL));
    }
  }

  private long choice(Field field, int kind) throws JsonInput.Broken {
    String text = numberText(field, kind);
    int choice = kind == JsonInput.STRING ? field.choices().indexOf(text) : -1;
    return choice >= 0
        ? choice
        : within(field, integer(field, text), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  private static long within(Field field, long value, long least, long most)
      throws JsonInput.Broken {
    if (value < least || value > most) {
      throw new JsonInput.Broken(field.name() + " is out of its range: " + value);
    }
    return value;
  }

  private static long unsigned(Field field, String text) throws JsonInput.Broken {
    requireNumber(field, text);
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      return whole(field, text, 0, 0x1p64);
    }
  }

  private static long integer(Field field, String text) throws JsonInput.Broken {
    requireNumber(field, text);
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return whole(field, text, -0x1p63, 0x1p63);
    }
  }

  /// A whole number that is written with a point or an exponent, as proto3 allows.
  private static long whole(Field field, String text, double least, double below)
      throws JsonInput.Broken {
    double value = number(field, text);
    if (value != Math.rint(value) || value < least || value >= below) {
      throw new JsonInput.Broken(field.name() + " is no integer of its size: " + text);
    }
    return value < 0x1p63 ? (long) value : (long) (value - 0x1p63) ^ Long.MIN_VALUE;
  }

  private static double decimal(Field field, String text) throws JsonInput.Broken {
    if (text.equals("NaN") || text.equals("Infinity") || text.equals("-Infinity")) {
      return Double.parseDouble(text);
    }
    requireNumber(field, text);
    double value = number(field, text);
    if (Double.isInfinite(value)) {
      throw new JsonInput.Broken(field.name() + " is out of its range: " + text);
    }
    return value;
  }

  /// In a string Java would take more: blanks, hexadecimal, other digits than ASCII's, `d` behind it.
  private static void requireNumber(Field field, String text) throws JsonInput.Broken {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean fits = (c >= '0' && c <= '9') || (i == 0 ? c == '-' : "+-.eE".indexOf(c) >= 0);
      if (!fits) {
        throw new JsonInput.Broken(field.name() + " is no number");
      }
    }
  }

  private static double number(Field field, String text) throws JsonInput.Broken {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new JsonInput.Broken(field.name() + " is no number");
    }
  }

  /// What may be a number, whether it is one or a string.
  private String numberText(Field field, int kind) throws JsonInput.Broken {
    text.truncate(0);
    boolean isShort =
        switch (kind) {
          case JsonInput.NUMBER -> input.number(text, MAX_SHORT_TEXT);
          case JsonInput.STRING -> input.string(text, MAX_SHORT_TEXT);
          default -> false;
        };
    if (!isShort) {
      throw new JsonInput.Broken(field.name() + " is no number");
    }
    return new String(text.bytes(), 0, text.length(), UTF_8);
  }

  /// As protobuf it would be larger than the array for it.
  private static final class TooLarge extends JsonInput.Broken {
    TooLarge() {
      super("too large");
    }
  }
}

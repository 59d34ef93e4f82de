package dev.pannier.shippers.batch;

import dev.pannier.shippers.batch.MessageType.Field;
import dev.pannier.shippers.batch.MessageType.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;

/// Reads a request in OTLP's JSON mapping (OTLP 1.x, "JSON Protobuf Encoding", on top of proto3's)
/// and writes it as protobuf. Names are lowerCamelCase or as in the `.proto` files; ids are
/// hexadecimal in either case; enums are numbers or names; integers are numbers or strings;
/// unknown fields are passed over, and `null` is no value. It never throws, whatever the bytes are.
public final class OtlpJsonReader {
  /// As deep as protobuf's own readers go.
  private static final int MAX_DEPTH = 100;

  private static final int LIKELY_LENGTH = 100;
  private static final int MAX_NUMBER_LENGTH = 100;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(5 * MAX_DEPTH)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private final JsonParser parser;
  private final ByteOutput out;
  private final int maxBytes;

  private OtlpJsonReader(JsonParser parser, ByteOutput out, int maxBytes) {
    this.parser = parser;
    this.out = out;
    this.maxBytes = maxBytes;
  }

  /// Reads the JSON in `[offset, offset + length)`.
  ///
  /// @param maxBytes the most that the request may take as protobuf, which is mostly less than it
  ///     takes as JSON, but can be four times as much
  public static JsonRequest read(Signal signal, byte[] json, int offset, int length, int maxBytes) {
    ByteOutput out = new ByteOutput(Math.min(length, maxBytes));
    try (JsonParser parser =
        FACTORY.createParser(ObjectReadContext.empty(), json, offset, length)) {
      try {
        new OtlpJsonReader(parser, out, maxBytes).request(Schema.request(signal));
        return new JsonRequest.Read(out.bytes(), out.length());
      } catch (Broken e) {
        return e.isTooLarge
            ? new JsonRequest.TooLarge()
            : new JsonRequest.Malformed(e.reason, at(parser, offset, length));
      } catch (JacksonException e) {
        return new JsonRequest.Malformed(reason(e), at(parser, offset, length));
      }
    } catch (JacksonException e) {
      // Its first bytes are of no encoding of JSON, or it cannot be closed.
      return new JsonRequest.Malformed(reason(e), 0);
    }
  }

  private static String reason(JacksonException e) {
    return switch (e) {
      case UnexpectedEndOfInputException _ -> "the JSON ends before it is complete";
      case StreamConstraintsException _ -> "the JSON is nested too deeply";
      default -> "the JSON is not well-formed";
    };
  }

  private static long at(JsonParser parser, int offset, int length) {
    long at = parser.currentLocation().getByteOffset();
    return Math.clamp(at - offset, 0, length);
  }

  private void request(MessageType type) throws Broken {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new Broken("no JSON object");
    }
    message(type, 1);
    if (parser.nextToken() != null) {
      throw new Broken("more after the JSON object");
    }
  }

  /// Reads the object whose `{` is the current token.
  private void message(MessageType type, int depth) throws Broken {
    if (depth > MAX_DEPTH) {
      throw new Broken("messages nested deeper than " + MAX_DEPTH);
    }
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken token = parser.nextToken();
      Field field = type.field(name);
      if (field == null) {
        parser.skipChildren();
      } else if (token != JsonToken.VALUE_NULL) {
        if (field.repeated()) {
          array(field, token, depth);
        } else {
          value(field, token, depth);
        }
      }
      if (out.length() > maxBytes) {
        throw new Broken();
      }
    }
  }

  private void array(Field field, JsonToken token, int depth) throws Broken {
    if (token != JsonToken.START_ARRAY) {
      throw new Broken(field.name() + " is no array");
    }
    boolean isPacked = field.isPackable();
    long opened = isPacked ? out.open(field.number(), LIKELY_LENGTH) : 0;
    for (JsonToken element = parser.nextToken();
        element != JsonToken.END_ARRAY;
        element = parser.nextToken()) {
      if (isPacked) {
        number(field, element);
      } else {
        value(field, element, depth);
      }
      if (out.length() > maxBytes) {
        throw new Broken();
      }
    }
    if (isPacked) {
      out.close(opened);
    }
  }

  private void value(Field field, JsonToken token, int depth) throws Broken {
    switch (field.kind()) {
      case MESSAGE -> {
        long opened = out.open(field.number(), LIKELY_LENGTH);
        if (token == JsonToken.START_OBJECT) {
          message(field.message(), depth + 1);
        } else if (token != JsonToken.VALUE_NULL) {
          throw new Broken(field.name() + " is no object");
        }
        out.close(opened);
      }
      case STRING, BYTES, TRACE_ID, SPAN_ID -> {
        if (token != JsonToken.VALUE_STRING) {
          throw new Broken(field.name() + " is no string");
        }
        text(field);
      }
      default -> {
        out.tag(field.number(), field.kind().wireType);
        number(field, token);
      }
    }
  }

  private void text(Field field) throws Broken {
    char[] chars = parser.getStringCharacters();
    int start = parser.getStringOffset();
    int end = start + parser.getStringLength();
    long opened = out.open(field.number(), end - start);
    boolean isValid =
        switch (field.kind()) {
          case STRING -> TextDecoder.utf8(chars, start, end, out);
          case BYTES -> TextDecoder.base64(chars, start, end, out);
          default -> TextDecoder.hex(chars, start, end, out);
        };
    if (!isValid) {
      throw new Broken(
          field.name() + (field.kind() == Kind.BYTES ? " is no base64" : " is no hexadecimal id"));
    }
    out.close(opened);
  }

  /// Writes a number without its tag.
  private void number(Field field, JsonToken token) throws Broken {
    switch (field.kind()) {
      case BOOL -> {
        if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
          throw new Broken(field.name() + " is neither true nor false");
        }
        out.write(token == JsonToken.VALUE_TRUE ? 1 : 0);
      }
      case DOUBLE -> out.fixed64(Double.doubleToRawLongBits(decimal(field, token)));
      case ENUM -> out.varint(choice(field, token));
      case FIXED64 -> out.fixed64(unsigned(field, token));
      case SFIXED64 -> out.fixed64(integer(field, token));
      case UINT64 -> out.varint(unsigned(field, token));
      case INT64 -> out.varint(integer(field, token));
      case SINT32 -> {
        long value = within(field, integer(field, token), Integer.MIN_VALUE, Integer.MAX_VALUE);
        out.varint((value << 1 ^ value >> 63) & 0xFFFF_FFFFL);
      }
      case UINT32 -> out.varint(within(field, integer(field, token), 0, 0xFFFF_FFFFL));
      default -> out.fixed32((int) within(field, integer(field, token), 0, 0xFFFF_FFFFL));
    }
  }

  private long choice(Field field, JsonToken token) throws Broken {
    if (token == JsonToken.VALUE_STRING) {
      int choice = field.choices().indexOf(parser.getString());
      if (choice >= 0) {
        return choice;
      }
    }
    return within(field, integer(field, token), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  private static long within(Field field, long value, long least, long most) throws Broken {
    if (value < least || value > most) {
      throw new Broken(field.name() + " is out of its range: " + value);
    }
    return value;
  }

  private long unsigned(Field field, JsonToken token) throws Broken {
    String text = numberText(field, token);
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      return whole(field, text, 0, 0x1p64);
    }
  }

  private long integer(Field field, JsonToken token) throws Broken {
    String text = numberText(field, token);
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return whole(field, text, -0x1p63, 0x1p63);
    }
  }

  /// A whole number that is written with a point or an exponent, as proto3 allows.
  private static long whole(Field field, String text, double least, double below) throws Broken {
    double value = decimal(field, text);
    if (value != Math.rint(value) || value < least || value >= below) {
      throw new Broken(field.name() + " is no integer of its size: " + text);
    }
    return value < 0x1p63 ? (long) value : (long) (value - 0x1p63) ^ Long.MIN_VALUE;
  }

  private double decimal(Field field, JsonToken token) throws Broken {
    return token == JsonToken.VALUE_NUMBER_INT || token == JsonToken.VALUE_NUMBER_FLOAT
        ? parser.getDoubleValue()
        : decimal(field, numberText(field, token));
  }

  private static double decimal(Field field, String text) throws Broken {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new Broken(field.name() + " is no number");
    }
  }

  private String numberText(Field field, JsonToken token) throws Broken {
    boolean isNumber =
        token == JsonToken.VALUE_NUMBER_INT
            || token == JsonToken.VALUE_NUMBER_FLOAT
            || token == JsonToken.VALUE_STRING;
    if (!isNumber || parser.getStringLength() > MAX_NUMBER_LENGTH) {
      throw new Broken(field.name() + " is no number");
    }
    return parser.getString();
  }

  /// It is JSON, but no request, or too large a one. Stays inside this class.
  private static final class Broken extends Exception {
    final String reason;
    final boolean isTooLarge;

    Broken(String reason) {
      this(reason, false);
    }

    Broken() {
      this("too large", true);
    }

    private Broken(String reason, boolean isTooLarge) {
      super(reason, null, false, false);
      this.reason = reason;
      this.isTooLarge = isTooLarge;
    }
  }
}

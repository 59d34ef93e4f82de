package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.batch.MessageType.Field;
import dev.pannier.shippers.batch.MessageType.Kind;
import org.jspecify.annotations.Nullable;

/// Writes a request in OTLP's JSON mapping (OTLP 1.x, "JSON Protobuf Encoding"): proto3's, but ids
/// in hexadecimal and enums as numbers. No line break is in it. Of a field that holds one value and
/// comes twice the last counts; unknown fields are left out, and so is what is broken.
///
/// Not thread-safe; used again, it allocates nothing but for numbers with a fraction.
public final class OtlpJsonWriter {
  private static final int MAX_DEPTH = 100;
  private static final byte[] TRUE = "true".getBytes(US_ASCII);
  private static final byte[] FALSE = "false".getBytes(US_ASCII);

  /// JSON takes two and a half times the bytes of protobuf for logs, and more for points.
  private static final int JSON_TIMES = 4;

  private final @Nullable FieldReader[] readers = new FieldReader[MAX_DEPTH + 1];
  private final FieldReader packed = new FieldReader();

  /// How long a request may be in protobuf that is likely to take at most so many bytes of JSON.
  public static int requestBytes(int jsonBytes) {
    return Math.max(1, jsonBytes / JSON_TIMES);
  }

  /// Appends the batch's request as one JSON object.
  public void write(Batch batch, ByteOutput out) {
    message(
        Schema.request(batch.signal()),
        batch.bytes(),
        batch.offset(),
        batch.offset() + batch.length(),
        out,
        0);
  }

  private void message(
      MessageType type, byte[] bytes, int start, int end, ByteOutput out, int depth) {
    out.write('{');
    if (depth < MAX_DEPTH) {
      FieldReader fields = reader(depth).over(bytes, start, end);
      if (isInOrder(type, fields)) {
        inOrder(type, fields.over(bytes, start, end), bytes, out, depth);
      } else {
        gathered(type, fields, bytes, start, end, out, depth);
      }
    }
    out.write('}');
  }

  /// Whether no field comes back after another one: the way every encoder writes.
  private static boolean isInOrder(MessageType type, FieldReader fields) {
    long seen = 0;
    int last = 0;
    while (fields.next()) {
      Field field = known(type, fields);
      if (field == null) {
        continue;
      }
      long bit = 1L << field.slot();
      if ((seen & bit) != 0 && !(field.repeated() && last == field.number())) {
        return false;
      }
      seen |= bit;
      last = field.number();
    }
    return true;
  }

  private void inOrder(
      MessageType type, FieldReader fields, byte[] bytes, ByteOutput out, int depth) {
    int array = 0;
    boolean isFirst = true;
    boolean isFirstOfArray = true;
    while (fields.next()) {
      Field field = known(type, fields);
      if (field == null) {
        continue;
      }
      if (array != 0 && array != field.number()) {
        out.write(']');
        array = 0;
      }
      if (array == 0) {
        if (!isFirst) {
          out.write(',');
        }
        isFirst = false;
        out.write(field.quoted());
        if (field.repeated()) {
          out.write('[');
          array = field.number();
          isFirstOfArray = true;
        }
      }
      int before = out.length();
      if (array != 0 && !isFirstOfArray) {
        out.write(',');
      }
      if (value(field, fields, bytes, out, depth)) {
        isFirstOfArray = false;
      } else {
        out.truncate(before);
      }
    }
    if (array != 0) {
      out.write(']');
    }
  }

  /// Looks for each field by itself, in the order of the numbers.
  private void gathered(
      MessageType type,
      FieldReader fields,
      byte[] bytes,
      int start,
      int end,
      ByteOutput out,
      int depth) {
    boolean isFirst = true;
    for (int number = 1; number <= MessageType.MAX_NUMBER; number++) {
      Field wanted = type.field(number);
      if (wanted == null || (!wanted.repeated() && wanted.slot() != number)) {
        continue;
      }
      int lastStart = -1;
      int found = 0;
      fields.over(bytes, start, end);
      while (fields.next()) {
        Field field = known(type, fields);
        if (field == null || field.slot() != number) {
          continue;
        }
        lastStart = fields.fieldStart();
        if (wanted.repeated()) {
          int before = out.length();
          if (found > 0 || !isFirst) {
            out.write(',');
          }
          if (found == 0) {
            out.write(wanted.quoted());
            out.write('[');
          }
          if (value(field, fields, bytes, out, depth)) {
            found++;
          } else {
            out.truncate(before);
          }
        }
      }
      if (found > 0) {
        out.write(']');
        isFirst = false;
      } else if (!wanted.repeated() && lastStart >= 0) {
        fields.over(bytes, lastStart, end);
        fields.next();
        Field last = known(type, fields);
        if (last != null) {
          if (!isFirst) {
            out.write(',');
          }
          isFirst = false;
          out.write(last.quoted());
          value(last, fields, bytes, out, depth);
        }
      }
    }
  }

  private static @Nullable Field known(MessageType type, FieldReader fields) {
    Field field = type.field(fields.number());
    if (field == null || field.kind().wireType == fields.wireType()) {
      return field;
    }
    return field.isPackable() && fields.wireType() == FieldReader.BYTES ? field : null;
  }

  /// @return false where nothing was written: packed numbers that are none
  private boolean value(Field field, FieldReader fields, byte[] bytes, ByteOutput out, int depth) {
    int start = fields.start();
    int end = fields.end();
    switch (field.kind()) {
      case MESSAGE -> message(field.message(), bytes, start, end, out, depth + 1);
      case STRING -> JsonText.string(out, bytes, start, end);
      case BYTES -> {
        out.write('"');
        JsonText.base64(out, bytes, start, end);
        out.write('"');
      }
      case TRACE_ID, SPAN_ID -> {
        out.write('"');
        JsonText.hex(out, bytes, start, end);
        out.write('"');
      }
      default -> {
        if (fields.wireType() == FieldReader.BYTES) {
          return packed(field.kind(), bytes, start, end, out);
        }
        number(field.kind(), fields.value(), out);
      }
    }
    return true;
  }

  private boolean packed(Kind kind, byte[] bytes, int start, int end, ByteOutput out) {
    int before = out.length();
    packed.over(bytes, start, end);
    boolean isFirst = true;
    while (packed.nextPacked(kind.wireType)) {
      if (!isFirst) {
        out.write(',');
      }
      isFirst = false;
      number(kind, packed.value(), out);
    }
    return out.length() > before;
  }

  private static void number(Kind kind, long value, ByteOutput out) {
    switch (kind) {
      case BOOL -> out.write(value == 0 ? FALSE : TRUE);
      case ENUM -> {
        int choice = (int) value;
        JsonText.number(out, choice);
      }
      case UINT32, FIXED32 -> JsonText.number(out, value & 0xFFFF_FFFFL);
      case SINT32 -> JsonText.number(out, (int) value >>> 1 ^ -((int) value & 1));
      case DOUBLE -> JsonText.number(out, Double.longBitsToDouble(value));
      default -> {
        out.write('"');
        if (kind == Kind.INT64 || kind == Kind.SFIXED64) {
          JsonText.number(out, value);
        } else {
          JsonText.unsigned(out, value);
        }
        out.write('"');
      }
    }
  }

  private FieldReader reader(int depth) {
    FieldReader reader = readers[depth];
    if (reader == null) {
      reader = new FieldReader();
      readers[depth] = reader;
    }
    return reader;
  }
}

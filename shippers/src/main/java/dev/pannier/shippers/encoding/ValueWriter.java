package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.batch.AnyValue;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.FieldReader;
import dev.pannier.shippers.batch.JsonText;
import org.jspecify.annotations.Nullable;

/// Writes an `AnyValue` as plain JSON: a string, number, boolean, null, array or object; bytes in
/// base64. What JSON has no number for is a string. Values nested deeper than 32 are null. Of a key that
/// comes more than once in a map the first is there.
final class ValueWriter {
  private static final int MAX_DEPTH = 32;
  private static final byte[] TRUE = "true".getBytes(US_ASCII);
  private static final byte[] FALSE = "false".getBytes(US_ASCII);
  private static final byte[] NULL = "null".getBytes(US_ASCII);
  private static final int KEY = 1;

  private final AnyValue[] values = new AnyValue[MAX_DEPTH];
  private final FieldReader[] children = new FieldReader[MAX_DEPTH];
  private final FieldReader entry = new FieldReader();

  /// The keys of the map at each depth, as they are written.
  private final @Nullable KeySet[] keys = new KeySet[MAX_DEPTH];

  ValueWriter() {
    for (int i = 0; i < MAX_DEPTH; i++) {
      values[i] = new AnyValue();
      children[i] = new FieldReader();
    }
  }

  void json(byte[] bytes, int start, int end, ByteOutput out) {
    json(bytes, start, end, out, 0);
  }

  /// The value as text: a string as it is, all else as JSON.
  ///
  /// @return false where there is no value
  boolean text(byte[] bytes, int start, int end, ByteOutput out) {
    AnyValue value = values[0].over(bytes, start, end);
    switch (value.kind()) {
      case AnyValue.NONE -> {
        return false;
      }
      case AnyValue.STRING, AnyValue.BYTES ->
          out.write(bytes, value.start(), value.end() - value.start());
      default -> json(bytes, start, end, out, 0);
    }
    return true;
  }

  private void json(byte[] bytes, int start, int end, ByteOutput out, int depth) {
    if (depth == MAX_DEPTH) {
      out.write(NULL);
      return;
    }
    AnyValue value = values[depth].over(bytes, start, end);
    switch (value.kind()) {
      case AnyValue.STRING -> JsonText.string(out, bytes, value.start(), value.end());
      case AnyValue.BOOL -> out.write(value.number() == 0 ? FALSE : TRUE);
      case AnyValue.INT -> JsonText.number(out, value.number());
      case AnyValue.DOUBLE -> JsonText.number(out, Double.longBitsToDouble(value.number()));
      case AnyValue.ARRAY -> array(bytes, value.start(), value.end(), out, depth);
      case AnyValue.MAP -> map(bytes, value.start(), value.end(), out, depth);
      case AnyValue.BYTES -> {
        out.write('"');
        JsonText.base64(out, bytes, value.start(), value.end());
        out.write('"');
      }
      default -> out.write(NULL);
    }
  }

  private void array(byte[] bytes, int start, int end, ByteOutput out, int depth) {
    FieldReader elements = children[depth].over(bytes, start, end);
    out.write('[');
    boolean isFirst = true;
    while (elements.next()) {
      if (elements.number() == 1 && elements.wireType() == FieldReader.BYTES) {
        if (!isFirst) {
          out.write(',');
        }
        isFirst = false;
        json(bytes, elements.start(), elements.end(), out, depth + 1);
      }
    }
    out.write(']');
  }

  private void map(byte[] bytes, int start, int end, ByteOutput out, int depth) {
    FieldReader entries = children[depth].over(bytes, start, end);
    KeySet known = keys[depth];
    if (known == null) {
      known = new KeySet();
      keys[depth] = known;
    }
    known.clear();
    out.write('{');
    boolean isFirst = true;
    while (entries.next()) {
      if (entries.number() == 1 && entries.wireType() == FieldReader.BYTES) {
        int before = out.length();
        if (!isFirst) {
          out.write(',');
        }
        if (entry(bytes, entries.start(), entries.end(), out, depth, known)) {
          isFirst = false;
        } else {
          out.truncate(before);
        }
      }
    }
    out.write('}');
    known.clear();
  }

  /// @return false where the key is there already
  private boolean entry(byte[] bytes, int start, int end, ByteOutput out, int depth, KeySet known) {
    int keyStart = start;
    int keyEnd = start;
    int valueStart = start;
    int valueEnd = start;
    entry.over(bytes, start, end);
    while (entry.next()) {
      if (entry.wireType() == FieldReader.BYTES && entry.number() == KEY) {
        keyStart = entry.start();
        keyEnd = entry.end();
      } else if (entry.wireType() == FieldReader.BYTES && entry.number() == 2) {
        valueStart = entry.start();
        valueEnd = entry.end();
      }
    }
    int before = out.length();
    JsonText.string(out, bytes, keyStart, keyEnd);
    int hash = KeySet.hash(out.bytes(), before, out.length());
    if (!known.add(hash, out.bytes(), before, out.length())) {
      return false;
    }
    out.write(':');
    json(bytes, valueStart, valueEnd, out, depth + 1);
    return true;
  }
}

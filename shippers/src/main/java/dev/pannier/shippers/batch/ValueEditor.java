package dev.pannier.shippers.batch;

/// Applies a [StringEdit] to `KeyValue` and `AnyValue` messages
/// (`opentelemetry/proto/common/v1/common.proto`). Allocates nothing where nothing changes.
///
/// A string that was found not to change is not asked about again: an edit may cost much, and may answer otherwise later. So one array is
/// gone through from its beginning to its end, as often as need be, with the same edit for the same place.
///
/// ```
/// KeyValue    1 key, 2 AnyValue
/// AnyValue    1 string_value, 3 int_value, 5 array_value, 6 kvlist_value, 7 bytes_value
/// array, list 1 AnyValue, 1 KeyValue
/// ```
final class ValueEditor {
  /// Of messages in each other; what lies deeper is copied as it is.
  private static final int MAX_DEPTH = 200;

  /// What a message is.
  private enum Type {
    KEY_VALUE,
    VALUE,
    ARRAY,
    MAP
  }

  private static final int STRING_VALUE = 1;

  private StringEdit edit;

  /// Where the last string ends that does not change; none before it does, as far as it was asked for.
  private int unchangedEnd;

  private final FieldReader[] readers = new FieldReader[MAX_DEPTH];

  /// The digits of a number, at the end.
  private final byte[] digits = new byte[20];

  ValueEditor(StringEdit edit) {
    this.edit = edit;
  }

  /// For the strings that follow.
  void edit(StringEdit edit) {
    this.edit = edit;
  }

  boolean changesKeyValue(byte[] bytes, int start, int end) {
    return changes(Type.KEY_VALUE, bytes, start, end, 0);
  }

  boolean changesValue(byte[] bytes, int start, int end) {
    return changes(Type.VALUE, bytes, start, end, 0);
  }

  void copyKeyValue(byte[] bytes, int start, int end, ByteOutput out) {
    copy(Type.KEY_VALUE, bytes, start, end, 0, out);
  }

  void copyValue(byte[] bytes, int start, int end, ByteOutput out) {
    copy(Type.VALUE, bytes, start, end, 0, out);
  }

  private boolean changes(Type type, byte[] bytes, int start, int end, int depth) {
    FieldReader fields = reader(depth).over(bytes, start, end);
    while (fields.next()) {
      if (fields.end() <= unchangedEnd) {
        continue;
      }
      if (isString(type, fields)) {
        if (edit.changes(bytes, fields.start(), fields.end())) {
          return true;
        }
        unchangedEnd = fields.end();
      } else if (isInteger(type, fields)) {
        if (edit.changes(digits, digits(fields.value()), digits.length)) {
          return true;
        }
        unchangedEnd = fields.end();
      } else {
        Type inner = inner(type, fields, depth);
        if (inner != type && changes(inner, bytes, fields.start(), fields.end(), depth + 1)) {
          return true;
        }
      }
    }
    fields.requireWhole();
    return false;
  }

  private void copy(Type type, byte[] bytes, int start, int end, int depth, ByteOutput out) {
    FieldReader fields = reader(depth).over(bytes, start, end);
    while (fields.next()) {
      int from = fields.start();
      if (fields.end() <= unchangedEnd) {
        out.write(bytes, fields.fieldStart(), fields.end() - fields.fieldStart());
        continue;
      }
      if (isString(type, fields) && edit.changes(bytes, from, fields.end())) {
        long opened = out.open(fields.number(), fields.end() - from);
        edit.write(bytes, from, fields.end(), out);
        out.close(opened);
        continue;
      }
      if (isInteger(type, fields)) {
        int first = digits(fields.value());
        if (edit.changes(digits, first, digits.length)) {
          long opened = out.open(STRING_VALUE, digits.length - first);
          edit.write(digits, first, digits.length, out);
          out.close(opened);
          continue;
        }
      }
      Type inner = inner(type, fields, depth);
      if (inner == type) {
        out.write(bytes, fields.fieldStart(), fields.end() - fields.fieldStart());
      } else {
        long opened = out.open(fields.number(), fields.end() - from);
        copy(inner, bytes, from, fields.end(), depth + 1, out);
        out.close(opened);
      }
    }
    fields.requireWhole();
  }

  /// @return where in `digits` the text of the number begins
  private int digits(long value) {
    int at = digits.length;
    long rest = value;
    do {
      digits[--at] = (byte) ('0' + Math.abs(rest % 10));
      rest /= 10;
    } while (rest != 0);
    if (value < 0) {
      digits[--at] = '-';
    }
    return at;
  }

  private FieldReader reader(int depth) {
    FieldReader reader = readers[depth];
    if (reader == null) {
      reader = new FieldReader();
      readers[depth] = reader;
    }
    return reader;
  }

  private static boolean isString(Type type, FieldReader fields) {
    return type == Type.VALUE && (fields.isBytes(1) || fields.isBytes(7));
  }

  private static boolean isInteger(Type type, FieldReader fields) {
    return type == Type.VALUE && fields.isVarint(3);
  }

  /// @return the type of the message in the field; `type` itself, which is never in itself, where
  ///     there is none to look into
  private static Type inner(Type type, FieldReader fields, int depth) {
    if (fields.wireType() != FieldReader.BYTES || depth + 1 == MAX_DEPTH) {
      return type;
    }
    int number = fields.number();
    return switch (type) {
      case KEY_VALUE -> number == 2 ? Type.VALUE : type;
      case VALUE -> number == 5 ? Type.ARRAY : number == 6 ? Type.MAP : type;
      case ARRAY -> number == 1 ? Type.VALUE : type;
      case MAP -> number == 1 ? Type.KEY_VALUE : type;
    };
  }
}

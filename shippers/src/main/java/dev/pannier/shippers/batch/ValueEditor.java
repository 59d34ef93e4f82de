package dev.pannier.shippers.batch;

import java.io.ByteArrayOutputStream;

/// Applies a [StringEdit] to `KeyValue` and `AnyValue` messages
/// (`opentelemetry/proto/common/v1/common.proto`):
/// ```
/// KeyValue    1 key, 2 AnyValue
/// AnyValue    1 string_value, 5 array_value { 1 AnyValue }, 6 kvlist_value { 1 KeyValue }, 7 bytes_value
/// ```
final class ValueEditor {
  /// Of maps and arrays in each other; what lies deeper is copied as it is.
  private static final int MAX_DEPTH = 100;

  private final StringEdit edit;
  private final ByteArrayOutputStream scratch = new ByteArrayOutputStream();

  ValueEditor(StringEdit edit) {
    this.edit = edit;
  }

  StringEdit edit() {
    return edit;
  }

  boolean changesKeyValue(byte[] bytes, int start, int end) {
    return changesKeyValue(bytes, start, end, 0);
  }

  boolean changesValue(byte[] bytes, int start, int end) {
    return changesValue(bytes, start, end, 0);
  }

  void copyKeyValue(byte[] bytes, int start, int end, Output out) {
    copyKeyValue(bytes, start, end, 0, out);
  }

  void copyValue(byte[] bytes, int start, int end, Output out) {
    copyValue(bytes, start, end, 0, out);
  }

  private boolean changesKeyValue(byte[] bytes, int start, int end, int depth) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (fields.is(2, Fields.LENGTH)
          && changesValue(bytes, fields.valueStart(), fields.end(), depth)) {
        return true;
      }
    }
    return false;
  }

  private boolean changesValue(byte[] bytes, int start, int end, int depth) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      boolean changes =
          isString(fields)
              ? edit.changes(bytes, fields.valueStart(), fields.end())
              : isNested(fields, depth)
                  && changesElements(fields, bytes, fields.valueStart(), fields.end(), depth + 1);
      if (changes) {
        return true;
      }
    }
    return false;
  }

  private boolean changesElements(Fields of, byte[] bytes, int start, int end, int depth) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (fields.is(1, Fields.LENGTH)) {
        int valueStart = fields.valueStart();
        boolean changes =
            of.number() == 5
                ? changesValue(bytes, valueStart, fields.end(), depth)
                : changesKeyValue(bytes, valueStart, fields.end(), depth);
        if (changes) {
          return true;
        }
      }
    }
    return false;
  }

  private void copyKeyValue(byte[] bytes, int start, int end, int depth, Output out) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (fields.is(2, Fields.LENGTH)) {
        int length = fields.end() - fields.valueStart();
        int content = out.begin(fields.tag(), length);
        copyValue(bytes, fields.valueStart(), fields.end(), depth, out);
        out.end(content, length);
      } else {
        out.copy(bytes, fields.start(), fields.end());
      }
    }
  }

  private void copyValue(byte[] bytes, int start, int end, int depth, Output out) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      int valueStart = fields.valueStart();
      if (isString(fields) && edit.changes(bytes, valueStart, fields.end())) {
        scratch.reset();
        edit.write(bytes, valueStart, fields.end(), scratch);
        out.field(fields.tag(), scratch.toByteArray(), 0, scratch.size());
      } else if (isNested(fields, depth)) {
        int length = fields.end() - valueStart;
        int content = out.begin(fields.tag(), length);
        copyElements(fields, bytes, valueStart, fields.end(), depth + 1, out);
        out.end(content, length);
      } else {
        out.copy(bytes, fields.start(), fields.end());
      }
    }
  }

  private void copyElements(Fields of, byte[] bytes, int start, int end, int depth, Output out) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (!fields.is(1, Fields.LENGTH)) {
        out.copy(bytes, fields.start(), fields.end());
        continue;
      }
      int length = fields.end() - fields.valueStart();
      int content = out.begin(fields.tag(), length);
      if (of.number() == 5) {
        copyValue(bytes, fields.valueStart(), fields.end(), depth, out);
      } else {
        copyKeyValue(bytes, fields.valueStart(), fields.end(), depth, out);
      }
      out.end(content, length);
    }
  }

  private static boolean isString(Fields fields) {
    return fields.is(1, Fields.LENGTH) || fields.is(7, Fields.LENGTH);
  }

  private static boolean isNested(Fields fields, int depth) {
    return depth < MAX_DEPTH && (fields.is(5, Fields.LENGTH) || fields.is(6, Fields.LENGTH));
  }
}

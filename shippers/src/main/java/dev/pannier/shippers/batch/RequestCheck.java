package dev.pannier.shippers.batch;

import dev.pannier.shippers.batch.MessageType.Field;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// Reads the bytes of a request, which may be any bytes, to the last nested field: whether they are
/// well-formed, how many records they hold, and which of those cannot be taken. Allocates nothing
/// for a record that is in order. Unknown fields are passed over, as protobuf has it.
///
/// Text has to be UTF-8: every generated decoder of protobuf refuses a whole message for one string
/// that is not. A record with such a string is refused alone; where it is in a resource, a scope or a
/// metric, the request is malformed.
public final class RequestCheck {
  /// As deep as protobuf's own readers go.
  private static final int MAX_DEPTH = 100;

  private static final int TRACE_ID_BYTES = 16;
  private static final int SPAN_ID_BYTES = 8;
  private static final int TRACE_ID_OF_SPAN = 1;
  private static final int SPAN_ID_OF_SPAN = 2;

  private static final int SHORTEST_FIELD = 2;
  private static final int LONGEST_VARINT = 10;

  // `KeyValue`: key = 1, value = 2; `AnyValue`: string_value = 1, bool_value = 2, int_value = 3.
  private static final int KEY_TAG = 1 << 3 | FieldReader.BYTES;
  private static final int VALUE_TAG = 2 << 3 | FieldReader.BYTES;
  private static final int STRING_VALUE_TAG = 1 << 3 | FieldReader.BYTES;
  private static final int BOOL_VALUE_TAG = 2 << 3 | FieldReader.VARINT;
  private static final int INT_VALUE_TAG = 3 << 3 | FieldReader.VARINT;

  /// Two tags with their lengths, and the value's tag with one byte.
  private static final int SHORTEST_ATTRIBUTE = 6;

  private final byte[] bytes;
  private final int start;
  private final int maxRecordBytes;

  private int records;
  private @Nullable BitSet refused;
  private int invalidIds;
  private int invalidText;
  private int tooLarge;

  private boolean inRecord;
  private boolean recordTextValid;
  private boolean recordIdsValid;
  private boolean traceIdSeen;
  private boolean spanIdSeen;

  /// Where the next byte is read.
  private int position;

  private @Nullable String reason;
  private int reasonOffset;

  private RequestCheck(byte[] bytes, int start, int maxRecordBytes) {
    this.bytes = bytes;
    this.start = start;
    this.maxRecordBytes = maxRecordBytes;
  }

  /// Checks the request in `[offset, offset + length)`.
  ///
  /// A log record's ids may be absent; a span's may not, and not be zero.
  ///
  /// @param maxRecordBytes a longer record (encoded) is refused
  public static CheckedRequest check(
      Signal signal, byte[] bytes, int offset, int length, int maxRecordBytes) {
    RequestCheck check = new RequestCheck(bytes, offset, maxRecordBytes);
    check.message(CheckTable.of(signal), offset, offset + length, 1);
    if (check.reason != null) {
      return new CheckedRequest.Malformed(check.reason, check.reasonOffset);
    }
    return new CheckedRequest.WellFormed(
        check.records, check.refused, check.invalidIds, check.invalidText, check.tooLarge);
  }

  /// What is usual is done here, by the tag's one byte and a length of at most two; everything
  /// else, and whatever is wrong, is for [#field].
  private boolean message(CheckTable table, int from, int end, int depth) {
    if (depth > MAX_DEPTH) {
      return malformed("messages nested deeper than " + MAX_DEPTH, from);
    }
    byte[] in = bytes;
    byte[] steps = table.steps;
    int at = from;
    while (at < end) {
      int tag = in[at];
      int step = tag < 0 ? CheckTable.OTHER : steps[tag];
      int next = -1;
      if (step == CheckTable.OTHER || end - at < SHORTEST_FIELD) {
        // Below.
      } else if (step <= CheckTable.TRACE_ID) {
        int length = in[at + 1];
        int content = at + 2;
        if (length < 0) {
          int high = content < end ? in[content] : -1;
          content++;
          // Where it goes on, it reaches beyond the end.
          length = high < 0 ? Integer.MAX_VALUE : (length & 0x7f) | high << 7;
        }
        if (length <= end - content) {
          int contentEnd = content + length;
          if (step == CheckTable.STRING) {
            if (Utf8.isAscii(in, content, contentEnd)) {
              next = contentEnd;
            }
          } else if (step == CheckTable.MESSAGE) {
            CheckTable inner = table.inner(tag >> 3);
            if (!(inner.type.isRecord
                ? record(inner, content, contentEnd, depth)
                : message(inner, content, contentEnd, depth + 1))) {
              return false;
            }
            next = contentEnd;
          } else if (step >= CheckTable.SPAN_ID) {
            int expected = step == CheckTable.SPAN_ID ? SPAN_ID_BYTES : TRACE_ID_BYTES;
            id(table.type, tag >> 3, content, contentEnd, expected);
            next = contentEnd;
          } else if (depth <= MAX_DEPTH - 2
              && (step == CheckTable.ATTRIBUTE
                  ? isPlainAttribute(in, content, contentEnd)
                  : isPlainText(in, content, contentEnd))) {
            next = contentEnd;
          }
        }
      } else if (step == CheckTable.VARINT) {
        if (in[at + 1] >= 0) {
          next = at + 2;
        }
      } else {
        int after = at + (step == CheckTable.FIXED64 ? 1 + Long.BYTES : 1 + Integer.BYTES);
        if (after <= end) {
          next = after;
        }
      }
      if (next < 0) {
        if (!anyField(table, at, end, depth)) {
          return false;
        }
        next = position;
      }
      at = next;
    }
    return true;
  }

  /// Whether a `KeyValue` is a key and one short text, number or truth value, all well-formed.
  private static boolean isPlainAttribute(byte[] in, int from, int end) {
    if (end - from < SHORTEST_ATTRIBUTE || in[from] != KEY_TAG) {
      return false;
    }
    // In ASCII as a whole, its tags and lengths included: those are of one byte each.
    int value = from + 2 + in[from + 1];
    if (value < from + 2
        || value > end - 4
        || in[value] != VALUE_TAG
        || in[value + 1] != end - value - 2) {
      return false;
    }
    int kind = in[value + 2];
    if (kind == STRING_VALUE_TAG) {
      return in[value + 3] == end - value - 4 && Utf8.isAscii(in, from, end);
    }
    if (kind != INT_VALUE_TAG && kind != BOOL_VALUE_TAG) {
      return false;
    }
    int at = value + 3;
    while (at < end && in[at] < 0) {
      at++;
    }
    return at == end - 1 && at < value + 3 + LONGEST_VARINT && Utf8.isAscii(in, from, value);
  }

  /// Whether an `AnyValue` is one text in ASCII.
  private static boolean isPlainText(byte[] in, int from, int end) {
    if (end - from < 2 || in[from] != STRING_VALUE_TAG) {
      return false;
    }
    int length = in[from + 1];
    if (length >= 0) {
      return length == end - from - 2 && Utf8.isAscii(in, from, end);
    }
    return end - from > 2
        && in[from + 2] >= 0
        && ((length & 0x7f) | in[from + 2] << 7) == end - from - 3
        && Utf8.isAscii(in, from + 3, end);
  }

  /// The field at `at`, whatever it is; [#position] is behind it then.
  private boolean anyField(CheckTable table, int at, int end, int depth) {
    MessageType type = table.type;
    position = at;
    long tag = varint(end);
    if (position < 0) {
      return false;
    }
    if (tag >>> 32 != 0) {
      return malformed("a field number beyond 29 bits in " + type.name, at);
    }
    if (tag >>> 3 == 0) {
      return malformed("no field number in " + type.name, at);
    }
    return field(table, type.field((int) (tag >>> 3)), (int) tag & 7, at, end, depth);
  }

  private boolean field(
      CheckTable table, @Nullable Field field, int wireType, int at, int end, int depth) {
    MessageType type = table.type;
    if (field != null && wireType != field.kind().wireType) {
      if (wireType != FieldReader.BYTES || !field.isPackable()) {
        return malformed("wire type " + wireType + " for " + field.name(), at);
      }
    }
    switch (wireType) {
      case FieldReader.VARINT -> {
        varint(end);
        return position >= 0;
      }
      case FieldReader.FIXED64 -> position += Long.BYTES;
      case FieldReader.FIXED32 -> position += Integer.BYTES;
      case FieldReader.BYTES -> {
        long length = bytes[position < end ? position : at];
        if (position < end && length >= 0) {
          position++;
        } else {
          length = varint(end);
          if (position < 0) {
            return false;
          }
        }
        if (length < 0 || length > end - position) {
          return malformed("a length beyond its " + type.name, at);
        }
        int content = position;
        int contentEnd = content + (int) length;
        if (field != null && !content(table, field, content, contentEnd, depth)) {
          return false;
        }
        position = contentEnd;
      }
      default -> {
        return malformed("wire type " + wireType, at);
      }
    }
    return position <= end || malformed("a number beyond its " + type.name, at);
  }

  private boolean content(CheckTable table, Field field, int from, int end, int depth) {
    MessageType type = table.type;
    switch (field.kind()) {
      case MESSAGE -> {
        CheckTable inner = table.inner(field.number());
        return inner.type.isRecord
            ? record(inner, from, end, depth)
            : message(inner, from, end, depth + 1);
      }
      case TRACE_ID -> id(type, field.number(), from, end, TRACE_ID_BYTES);
      case SPAN_ID -> id(type, field.number(), from, end, SPAN_ID_BYTES);
      case STRING -> {
        if (!Utf8.isValid(bytes, from, end)) {
          if (!inRecord) {
            return malformed(field.name() + " of " + type.name + " is no UTF-8", from);
          }
          recordTextValid = false;
        }
      }
      case BYTES -> {}
      case UINT64 -> {
        position = from;
        while (position < end) {
          varint(end);
          if (position < 0) {
            return false;
          }
        }
      }
      default -> {
        if ((end - from) % Long.BYTES != 0) {
          return malformed("packed numbers of a broken length", from);
        }
      }
    }
    return true;
  }

  private boolean record(CheckTable table, int from, int end, int depth) {
    MessageType type = table.type;
    recordIdsValid = true;
    traceIdSeen = false;
    spanIdSeen = false;
    recordTextValid = true;
    inRecord = true;
    if (!message(table, from, end, depth + 1)) {
      return false;
    }
    inRecord = false;
    boolean idsValid = recordIdsValid && (type != Schema.SPAN || (traceIdSeen && spanIdSeen));
    boolean fits = end - from <= maxRecordBytes;
    if (!idsValid) {
      invalidIds++;
    } else if (!recordTextValid) {
      invalidText++;
    } else if (!fits) {
      tooLarge++;
    }
    if (!idsValid || !recordTextValid || !fits) {
      if (refused == null) {
        refused = new BitSet();
      }
      refused.set(records);
    }
    records++;
    return true;
  }

  /// An id of a wrong length anywhere in a record spoils the record; a span's own ids must not be
  /// zero either. In bytes after each other, a later field replaces an earlier one.
  private void id(MessageType type, int number, int from, int end, int expected) {
    int length = end - from;
    recordIdsValid &= length == expected || length == 0;
    boolean isSet = false;
    for (int i = from; i < end && !isSet; i++) {
      isSet = bytes[i] != 0;
    }
    if (type == Schema.SPAN && number == TRACE_ID_OF_SPAN) {
      traceIdSeen = isSet;
    } else if (type == Schema.SPAN && number == SPAN_ID_OF_SPAN) {
      spanIdSeen = isSet;
    }
  }

  /// Reads a varint at [#position] and steps over it; position is negative where there is none.
  private long varint(int end) {
    long result = 0;
    int at = position;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (at >= end) {
        break;
      }
      byte b = bytes[at++];
      result |= (b & 0x7FL) << shift;
      if (b >= 0) {
        position = at;
        return result;
      }
    }
    malformed("a broken varint", position);
    position = -1;
    return 0;
  }

  private boolean malformed(String why, int at) {
    reason = why;
    reasonOffset = at - start;
    return false;
  }
}

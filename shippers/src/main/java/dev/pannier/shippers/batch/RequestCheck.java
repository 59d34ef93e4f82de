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
    check.message(Schema.request(signal), offset, offset + length, 1);
    if (check.reason != null) {
      return new CheckedRequest.Malformed(check.reason, check.reasonOffset);
    }
    return new CheckedRequest.WellFormed(
        check.records, check.refused, check.invalidIds, check.invalidText, check.tooLarge);
  }

  private boolean message(MessageType type, int from, int end, int depth) {
    if (depth > MAX_DEPTH) {
      return malformed("messages nested deeper than " + MAX_DEPTH, from);
    }
    int at = from;
    while (at < end) {
      long tag = bytes[at];
      if (tag >= 0) {
        position = at + 1;
      } else {
        position = at;
        tag = varint(end);
        if (position < 0) {
          return false;
        }
      }
      Field field = tag >>> 32 == 0 ? type.field((int) (tag >>> 3)) : null;
      if (tag >>> 3 == 0 || tag >>> 32 != 0) {
        return malformed("no field number in " + type.name, at);
      }
      if (!field(type, field, (int) tag & 7, at, end, depth)) {
        return false;
      }
      at = position;
    }
    return true;
  }

  private boolean field(
      MessageType type, @Nullable Field field, int wireType, int at, int end, int depth) {
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
        if (field != null && !content(type, field, content, contentEnd, depth)) {
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

  private boolean content(MessageType type, Field field, int from, int end, int depth) {
    switch (field.kind()) {
      case MESSAGE -> {
        MessageType inner = field.message();
        return inner.isRecord
            ? record(inner, from, end, depth)
            : message(inner, from, end, depth + 1);
      }
      case TRACE_ID -> id(type, field, from, end, TRACE_ID_BYTES);
      case SPAN_ID -> id(type, field, from, end, SPAN_ID_BYTES);
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

  private boolean record(MessageType type, int from, int end, int depth) {
    recordIdsValid = true;
    traceIdSeen = false;
    spanIdSeen = false;
    recordTextValid = true;
    inRecord = true;
    if (!message(type, from, end, depth + 1)) {
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
  private void id(MessageType type, Field field, int from, int end, int expected) {
    int length = end - from;
    recordIdsValid &= length == expected || length == 0;
    boolean isSet = false;
    for (int i = from; i < end && !isSet; i++) {
      isSet = bytes[i] != 0;
    }
    if (type == Schema.SPAN && field.number() == TRACE_ID_OF_SPAN) {
      traceIdSeen = isSet;
    } else if (type == Schema.SPAN && field.number() == SPAN_ID_OF_SPAN) {
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

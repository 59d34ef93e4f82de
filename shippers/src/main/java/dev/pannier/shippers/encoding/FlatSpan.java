package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.batch.Attributes;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.FieldReader;
import dev.pannier.shippers.batch.JsonText;
import dev.pannier.shippers.batch.RecordReader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A span as flat JSON: `trace_id`, `span_id`, `parent_span_id`, `name`, `kind`, `start_time`,
/// `duration_ms`, `status`, `status_message`, `scope.name`, the resource's attributes, its own, and
/// `events` (`time`, `name`, attributes) and `links` (`trace_id`, `span_id`, attributes) as arrays.
/// Field numbers are those of `trace.proto`.
final class FlatSpan implements FlatObject.Renaming {
  private static final byte[][] KINDS = {
    bytes("UNSPECIFIED"),
    bytes("INTERNAL"),
    bytes("SERVER"),
    bytes("CLIENT"),
    bytes("PRODUCER"),
    bytes("CONSUMER")
  };
  private static final byte[][] STATUSES = {bytes("UNSET"), bytes("OK"), bytes("ERROR")};
  private static final byte[] TRACE_ID = bytes("trace_id");
  private static final byte[] SPAN_ID = bytes("span_id");
  private static final byte[] PARENT_SPAN_ID = bytes("parent_span_id");
  private static final byte[] NAME = bytes("name");
  private static final byte[] KIND = bytes("kind");
  private static final byte[] START_TIME = bytes("start_time");
  private static final byte[] DURATION_MS = bytes("duration_ms");
  private static final byte[] STATUS = bytes("status");
  private static final byte[] STATUS_MESSAGE = bytes("status_message");
  static final byte[] SCOPE_NAME = bytes("scope.name");
  private static final byte[] EVENTS = bytes("events");
  private static final byte[] LINKS = bytes("links");
  private static final byte[] TIME = bytes("time");
  private static final int EVENT_FIELD = 11;
  private static final int LINK_FIELD = 13;
  private static final int NANOS_A_MILLISECOND = 1_000_000;

  private final FlatObject object =
      new FlatObject(
          List.of(
              TRACE_ID,
              SPAN_ID,
              PARENT_SPAN_ID,
              NAME,
              KIND,
              START_TIME,
              DURATION_MS,
              STATUS,
              STATUS_MESSAGE,
              SCOPE_NAME,
              EVENTS,
              LINKS));
  private final FlatObject inner = new FlatObject(List.of(TRACE_ID, SPAN_ID, TIME, NAME));
  private final Attributes innerAttributes = new Attributes();
  private final FieldReader fields = new FieldReader();
  private final FieldReader innerFields = new FieldReader();
  private final IsoTime times = new IsoTime();

  private int nameStart;
  private int nameEnd;
  private int parentStart;
  private int parentEnd;
  private int statusStart;
  private int statusEnd;
  private int kind;
  private long start;
  private long end;

  void write(RecordReader reader, RecordView record, ByteOutput out) {
    byte[] bytes = reader.bytes();
    read(bytes, reader.recordStart(), reader.recordEnd());
    object.begin(out);
    if (record.hasTraceId()) {
      object.member(TRACE_ID);
      out.write('"');
      record.traceIdHex(out);
      out.write('"');
      object.endMember();
    }
    if (record.hasSpanId()) {
      object.member(SPAN_ID);
      out.write('"');
      record.spanIdHex(out);
      out.write('"');
      object.endMember();
    }
    if (parentEnd > parentStart) {
      hex(object, PARENT_SPAN_ID, bytes, parentStart, parentEnd, out);
    }
    object.text(NAME, bytes, nameStart, nameEnd);
    object.text(KIND, KINDS[kind >= 0 && kind < KINDS.length ? kind : 0]);
    object.member(START_TIME);
    times.write(out, start);
    object.endMember();
    object.member(DURATION_MS);
    milliseconds(end - start, out);
    object.endMember();
    status(bytes);
    scope(object, innerFields, reader);
    object.resource(record.resource(), record.resourceVersion(), this);
    object.attributes(record.attributes(), this);
    array(EVENT_FIELD, EVENTS, reader, out);
    array(LINK_FIELD, LINKS, reader, out);
    object.end();
  }

  private void read(byte[] bytes, int from, int to) {
    nameStart = 0;
    nameEnd = 0;
    parentStart = 0;
    parentEnd = 0;
    statusStart = 0;
    statusEnd = 0;
    kind = 0;
    start = 0;
    end = 0;
    fields.over(bytes, from, to);
    while (fields.next()) {
      switch (fields.number() << 3 | fields.wireType()) {
        case 4 << 3 | FieldReader.BYTES -> {
          parentStart = fields.start();
          parentEnd = fields.end();
        }
        case 5 << 3 | FieldReader.BYTES -> {
          nameStart = fields.start();
          nameEnd = fields.end();
        }
        case 6 << 3 | FieldReader.VARINT -> kind = (int) fields.value();
        case 7 << 3 | FieldReader.FIXED64 -> start = fields.value();
        case 8 << 3 | FieldReader.FIXED64 -> end = fields.value();
        case 15 << 3 | FieldReader.BYTES -> {
          statusStart = fields.start();
          statusEnd = fields.end();
        }
        default -> {}
      }
    }
  }

  private void status(byte[] bytes) {
    int code = 0;
    int messageStart = 0;
    int messageEnd = 0;
    innerFields.over(bytes, statusStart, statusEnd);
    while (innerFields.next()) {
      if (innerFields.number() == 2 && innerFields.wireType() == FieldReader.BYTES) {
        messageStart = innerFields.start();
        messageEnd = innerFields.end();
      } else if (innerFields.number() == 3 && innerFields.wireType() == FieldReader.VARINT) {
        code = (int) innerFields.value();
      }
    }
    object.text(STATUS, STATUSES[code >= 0 && code < STATUSES.length ? code : 0]);
    if (messageEnd > messageStart) {
      object.text(STATUS_MESSAGE, bytes, messageStart, messageEnd);
    }
  }

  static void scope(FlatObject object, FieldReader scope, RecordReader reader) {
    scope.over(reader.bytes(), reader.scopeStart(), reader.scopeEnd());
    while (scope.next()) {
      if (scope.number() == 1 && scope.wireType() == FieldReader.BYTES) {
        object.text(SCOPE_NAME, reader.bytes(), scope.start(), scope.end());
      }
    }
  }

  /// Events or links, where there are any.
  private void array(int number, byte[] name, RecordReader reader, ByteOutput out) {
    byte[] bytes = reader.bytes();
    boolean isFirst = true;
    fields.over(bytes, reader.recordStart(), reader.recordEnd());
    while (fields.next()) {
      if (fields.number() == number && fields.wireType() == FieldReader.BYTES) {
        if (isFirst) {
          if (!object.member(name)) {
            return;
          }
          out.write('[');
        } else {
          out.write(',');
        }
        isFirst = false;
        element(number == EVENT_FIELD, bytes, fields.start(), fields.end(), out);
      }
    }
    if (!isFirst) {
      out.write(']');
      object.endMember();
    }
  }

  private void element(boolean isEvent, byte[] bytes, int from, int to, ByteOutput out) {
    inner.begin(out);
    innerFields.over(bytes, from, to);
    while (innerFields.next()) {
      int number = innerFields.number();
      if (isEvent && number == 1 && innerFields.wireType() == FieldReader.FIXED64) {
        if (inner.member(TIME)) {
          times.write(out, innerFields.value());
          inner.endMember();
        }
      } else if (innerFields.wireType() == FieldReader.BYTES && number <= 2) {
        if (isEvent) {
          inner.text(NAME, bytes, innerFields.start(), innerFields.end());
        } else {
          hex(
              inner,
              number == 1 ? TRACE_ID : SPAN_ID,
              bytes,
              innerFields.start(),
              innerFields.end(),
              out);
        }
      }
    }
    inner.attributes(innerAttributes.over(bytes, from, to, isEvent ? 3 : 4), this);
    inner.end();
  }

  private static void hex(
      FlatObject object, byte[] name, byte[] bytes, int start, int end, ByteOutput out) {
    if (object.member(name)) {
      out.write('"');
      JsonText.hex(out, bytes, start, end);
      out.write('"');
      object.endMember();
    }
  }

  private static void milliseconds(long nanos, ByteOutput out) {
    long positive = nanos;
    if (nanos < 0) {
      out.write('-');
      positive = nanos == Long.MIN_VALUE ? Long.MAX_VALUE : -nanos;
    }
    JsonText.number(out, positive / NANOS_A_MILLISECOND);
    long rest = positive % NANOS_A_MILLISECOND;
    if (rest != 0) {
      out.write('.');
      JsonText.digits(out, rest, 6);
    }
  }

  @Override
  public byte @Nullable [] name(byte[] bytes, int keyStart, int keyEnd) {
    return null;
  }

  @Override
  public boolean isHidden(byte[] bytes, int keyStart, int keyEnd) {
    return false;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }
}

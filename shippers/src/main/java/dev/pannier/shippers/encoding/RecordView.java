package dev.pannier.shippers.encoding;

import dev.pannier.shippers.batch.Attributes;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.FieldReader;
import dev.pannier.shippers.batch.JsonText;
import dev.pannier.shippers.batch.RecordReader;
import dev.pannier.shippers.batch.Signal;

/// What messages need to know of the record that a reader stands on: its attributes, its resource's,
/// and its trace context. Field numbers are OTLP's (`logs.proto`, `trace.proto`, `metrics.proto`).
/// Reused; allocates nothing for a record.
final class RecordView {
  private static final int TRACE_ID_BYTES = 16;
  private static final int SPAN_ID_BYTES = 8;
  private static final int LOG_BODY = 5;

  private final Attributes attributes = new Attributes();
  private final Attributes resource = new Attributes();
  private final FieldReader fields = new FieldReader();

  private byte[] bytes = new byte[0];
  private int resourceStart;
  private int resourceEnd;
  private int resourceVersion;
  private int bodyStart;
  private int bodyEnd;
  private int traceId;
  private int spanId;
  private int flags;

  /// A new request begins: nothing read before is the same, though it may lie at the same place.
  void forget() {
    resourceStart = -1;
  }

  /// Looks at the record that `reader` stands on.
  void over(Signal signal, RecordReader reader) {
    bytes = reader.bytes();
    if (reader.resourceStart() != resourceStart || reader.resourceEnd() != resourceEnd) {
      resourceStart = reader.resourceStart();
      resourceEnd = reader.resourceEnd();
      resource.over(bytes, resourceStart, resourceEnd, 1);
      resourceVersion = (resourceVersion + 1) & Integer.MAX_VALUE;
    }
    attributes.clear(bytes);
    bodyStart = 0;
    bodyEnd = 0;
    traceId = -1;
    spanId = -1;
    flags = 0;
    int attributesNumber = attributesNumber(signal, reader.dataNumber());
    int traceIdNumber = signal == Signal.LOGS ? 9 : signal == Signal.TRACES ? 1 : -1;
    int spanIdNumber = signal == Signal.LOGS ? 10 : signal == Signal.TRACES ? 2 : -1;
    int bodyNumber = signal == Signal.LOGS ? LOG_BODY : -1;
    int flagsNumber = signal == Signal.LOGS ? 8 : signal == Signal.TRACES ? 16 : -1;
    fields.over(bytes, reader.recordStart(), reader.recordEnd());
    while (fields.next()) {
      int number = fields.number();
      if (fields.wireType() == FieldReader.BYTES) {
        if (number == attributesNumber) {
          attributes.add(fields.start(), fields.end());
        } else if (number == bodyNumber) {
          bodyStart = fields.start();
          bodyEnd = fields.end();
        } else if (number == traceIdNumber) {
          traceId = id(fields.start(), fields.end(), TRACE_ID_BYTES);
        } else if (number == spanIdNumber) {
          spanId = id(fields.start(), fields.end(), SPAN_ID_BYTES);
        }
      } else if (number == flagsNumber && fields.wireType() == FieldReader.FIXED32) {
        flags = (int) fields.value() & 0xFF;
      }
    }
  }

  private static int attributesNumber(Signal signal, int dataNumber) {
    return switch (signal) {
      case LOGS -> 6;
      case TRACES -> 9;
      case METRICS ->
          switch (dataNumber) {
            case 9 -> 9;
            case 10 -> 1;
            default -> 7;
          };
    };
  }

  private int id(int start, int end, int length) {
    if (end - start == length) {
      for (int i = start; i < end; i++) {
        if (bytes[i] != 0) {
          return start;
        }
      }
    }
    return -1;
  }

  Attributes resource() {
    return resource;
  }

  /// Changes with the resource.
  int resourceVersion() {
    return resourceVersion;
  }

  Attributes attributes() {
    return attributes;
  }

  /// Where the `AnyValue` of a log record's body begins; an empty range where it has none.
  int bodyStart() {
    return bodyStart;
  }

  int bodyEnd() {
    return bodyEnd;
  }

  boolean hasTraceId() {
    return traceId >= 0;
  }

  boolean hasSpanId() {
    return spanId >= 0;
  }

  int flags() {
    return flags;
  }

  /// @return false where there is none
  boolean traceIdHex(ByteOutput out) {
    if (traceId >= 0) {
      JsonText.hex(out, bytes, traceId, traceId + TRACE_ID_BYTES);
    }
    return traceId >= 0;
  }

  boolean spanIdHex(ByteOutput out) {
    if (spanId >= 0) {
      JsonText.hex(out, bytes, spanId, spanId + SPAN_ID_BYTES);
    }
    return spanId >= 0;
  }
}

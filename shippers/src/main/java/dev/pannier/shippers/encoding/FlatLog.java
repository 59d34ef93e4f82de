package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.AnyValue;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.FieldReader;
import dev.pannier.shippers.batch.JsonText;
import dev.pannier.shippers.batch.RecordReader;

/// A log record as flat JSON. Field numbers are those of `logs.proto`.
final class FlatLog {
  private static final byte[][] LEVELS = {
    bytes("TRACE"), bytes("DEBUG"), bytes("INFO"), bytes("WARN"), bytes("ERROR"), bytes("FATAL")
  };
  private static final int[] LOGBACK_LEVELS = {5_000, 10_000, 20_000, 30_000, 40_000, 50_000};
  private static final int HIGHEST_SEVERITY = 24;

  private final LogNames names;
  private final FlatObject object;
  private final FieldReader fields = new FieldReader();
  private final FieldReader scope = new FieldReader();
  private final AnyValue bodyValue = new AnyValue();
  private final ValueWriter values = new ValueWriter();
  private final ByteOutput scratch = new ByteOutput(64);
  private final IsoTime times = new IsoTime();

  private long time;
  private long observed;
  private int severity;
  private int textStart;
  private int textEnd;
  private int bodyStart;
  private int bodyEnd;
  private int eventStart;
  private int eventEnd;

  FlatLog(FieldNames names) {
    this.names = new LogNames(names);
    this.object = new FlatObject(this.names.all());
  }

  void write(RecordReader reader, RecordView record, ByteOutput out) {
    byte[] bytes = reader.bytes();
    read(bytes, reader.recordStart(), reader.recordEnd());
    object.begin(out);
    if (time != 0 || observed != 0) {
      object.member(names.time);
      times.write(out, time != 0 ? time : observed);
      object.endMember();
    }
    if (names.observed != null && observed != 0) {
      object.member(names.observed);
      times.write(out, observed);
      object.endMember();
    }
    if (names.version != null) {
      object.text(names.version, names.versionText);
    }
    body(bytes);
    logger(bytes, reader);
    level(bytes);
    traceContext(record, out);
    if (eventEnd > eventStart) {
      object.text(names.eventName, bytes, eventStart, eventEnd);
    }
    object.resource(record.resource(), record.resourceVersion(), names);
    object.attributes(record.attributes(), names);
    object.end();
  }

  private void read(byte[] bytes, int start, int end) {
    time = 0;
    observed = 0;
    severity = 0;
    textStart = 0;
    textEnd = 0;
    bodyStart = -1;
    eventStart = 0;
    eventEnd = 0;
    fields.over(bytes, start, end);
    while (fields.next()) {
      switch (fields.number() << 3 | fields.wireType()) {
        case 1 << 3 | FieldReader.FIXED64 -> time = fields.value();
        case 11 << 3 | FieldReader.FIXED64 -> observed = fields.value();
        case 2 << 3 | FieldReader.VARINT -> severity = (int) fields.value();
        case 3 << 3 | FieldReader.BYTES -> {
          textStart = fields.start();
          textEnd = fields.end();
        }
        case 5 << 3 | FieldReader.BYTES -> {
          bodyStart = fields.start();
          bodyEnd = fields.end();
        }
        case 12 << 3 | FieldReader.BYTES -> {
          eventStart = fields.start();
          eventEnd = fields.end();
        }
        default -> {}
      }
    }
  }

  /// A body that is no text is a text with its JSON, so that the field has one type in all objects.
  private void body(byte[] bytes) {
    if (bodyStart < 0) {
      return;
    }
    bodyValue.over(bytes, bodyStart, bodyEnd);
    if (bodyValue.kind() == AnyValue.STRING || bodyValue.kind() == AnyValue.BYTES) {
      object.text(names.body, bytes, bodyValue.start(), bodyValue.end());
    } else if (bodyValue.kind() != AnyValue.NONE) {
      scratch.truncate(0);
      values.json(bytes, bodyStart, bodyEnd, scratch);
      object.text(names.body, scratch.bytes(), 0, scratch.length());
    }
  }

  private void logger(byte[] bytes, RecordReader reader) {
    scope.over(bytes, reader.scopeStart(), reader.scopeEnd());
    while (scope.next()) {
      if (scope.number() == 1 && scope.wireType() == FieldReader.BYTES) {
        object.text(names.logger, bytes, scope.start(), scope.end());
      }
    }
  }

  private void level(byte[] bytes) {
    boolean isKnown = severity > 0 && severity <= HIGHEST_SEVERITY;
    int level = isKnown ? (severity - 1) / 4 : 0;
    if (textEnd > textStart) {
      object.text(names.severityText, bytes, textStart, textEnd);
    } else if (isKnown) {
      object.text(names.severityText, LEVELS[level]);
    }
    if (isKnown && names.severityNumber != null) {
      object.number(
          names.severityNumber, names.hasLogbackLevels ? LOGBACK_LEVELS[level] : severity);
    }
  }

  private void traceContext(RecordView record, ByteOutput out) {
    if (record.hasTraceId()) {
      object.member(names.traceId);
      out.write('"');
      record.traceIdHex(out);
      out.write('"');
      object.endMember();
    }
    if (record.hasSpanId()) {
      object.member(names.spanId);
      out.write('"');
      record.spanIdHex(out);
      out.write('"');
      object.endMember();
    }
    if (names.flags != null && record.hasTraceId()) {
      object.member(names.flags);
      JsonText.number(out, record.flags());
      object.endMember();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }
}

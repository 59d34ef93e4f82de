package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.FieldReader;
import dev.pannier.shippers.batch.JsonText;
import dev.pannier.shippers.batch.RecordReader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A metric's data point as flat JSON: `timestamp`, `start_time`, `name`, `type`, `unit`,
/// `temporality`, `monotonic`, then by type `value`; `count`, `sum`, `min`, `max`, `bounds` and
/// `bucket_counts`; `scale`, `zero_count`, `positive` and `negative`; or `quantiles`; then
/// `scope.name`, the resource's attributes and its own. Exemplars are left out. Field numbers are
/// those of `metrics.proto`.
final class FlatPoint implements FlatObject.Renaming {
  private static final int GAUGE = 5;
  private static final int SUM = 7;
  private static final int HISTOGRAM = 9;
  private static final int EXPONENTIAL = 10;
  private static final int SUMMARY = 11;

  private static final byte[] TIMESTAMP = bytes("timestamp");
  private static final byte[] START_TIME = bytes("start_time");
  private static final byte[] NAME = bytes("name");
  private static final byte[] TYPE = bytes("type");
  private static final byte[] TYPE_GAUGE = bytes("gauge");
  private static final byte[] TYPE_HISTOGRAM = bytes("histogram");
  private static final byte[] TYPE_EXPONENTIAL = bytes("exponential_histogram");
  private static final byte[] TYPE_SUMMARY = bytes("summary");
  private static final byte[] UNIT = bytes("unit");
  private static final byte[] TEMPORALITY = bytes("temporality");
  private static final byte[][] TEMPORALITIES = {
    bytes("UNSPECIFIED"), bytes("DELTA"), bytes("CUMULATIVE")
  };
  private static final byte[] MONOTONIC = bytes("monotonic");
  private static final byte[] VALUE = bytes("value");
  private static final byte[] COUNT = bytes("count");
  private static final byte[] SUM_NAME = bytes("sum");
  private static final byte[] MIN = bytes("min");
  private static final byte[] MAX = bytes("max");
  private static final byte[] BOUNDS = bytes("bounds");
  private static final byte[] BUCKET_COUNTS = bytes("bucket_counts");
  private static final byte[] SCALE = bytes("scale");
  private static final byte[] ZERO_COUNT = bytes("zero_count");
  private static final byte[] ZERO_THRESHOLD = bytes("zero_threshold");
  private static final byte[] POSITIVE = bytes("positive");
  private static final byte[] NEGATIVE = bytes("negative");
  private static final byte[] QUANTILES = bytes("quantiles");
  private static final byte[] OFFSET_KEY = bytes("{\"offset\":");
  private static final byte[] COUNTS_KEY = bytes(",\"bucket_counts\":[");
  private static final byte[] QUANTILE_KEY = bytes("{\"quantile\":");
  private static final byte[] VALUE_KEY = bytes(",\"value\":");
  private static final byte[] TRUE = bytes("true");
  private static final byte[] FALSE = bytes("false");

  private final FlatObject object =
      new FlatObject(
          List.of(
              TIMESTAMP,
              START_TIME,
              NAME,
              TYPE,
              UNIT,
              TEMPORALITY,
              MONOTONIC,
              VALUE,
              COUNT,
              SUM_NAME,
              MIN,
              MAX,
              BOUNDS,
              BUCKET_COUNTS,
              SCALE,
              ZERO_COUNT,
              ZERO_THRESHOLD,
              POSITIVE,
              NEGATIVE,
              QUANTILES,
              FlatSpan.SCOPE_NAME));
  private final FieldReader fields = new FieldReader();
  private final FieldReader inner = new FieldReader();
  private final FieldReader packed = new FieldReader();
  private final IsoTime times = new IsoTime();

  void write(RecordReader reader, RecordView record, ByteOutput out) {
    int type = reader.dataNumber();
    object.begin(out);
    time(3, TIMESTAMP, reader, out);
    time(2, START_TIME, reader, out);
    metric(type, reader, out);
    fields.over(reader.bytes(), reader.recordStart(), reader.recordEnd());
    while (fields.next()) {
      switch (type) {
        case GAUGE, SUM -> number();
        case HISTOGRAM -> histogram(out);
        case EXPONENTIAL -> exponential(out);
        default -> summary(out);
      }
    }
    lists(type, reader, out);
    FlatSpan.scope(object, inner, reader);
    object.resource(record.resource(), record.resourceVersion(), this);
    object.attributes(record.attributes(), this);
    object.end();
  }

  private void time(int number, byte[] name, RecordReader reader, ByteOutput out) {
    long time = 0;
    fields.over(reader.bytes(), reader.recordStart(), reader.recordEnd());
    while (fields.next()) {
      if (fields.number() == number && fields.wireType() == FieldReader.FIXED64) {
        time = fields.value();
      }
    }
    if (time != 0 && object.member(name)) {
      times.write(out, time);
      object.endMember();
    }
  }

  private void metric(int type, RecordReader reader, ByteOutput out) {
    byte[] bytes = reader.bytes();
    inner.over(bytes, reader.metricStart(), reader.metricEnd());
    while (inner.next()) {
      if (inner.wireType() == FieldReader.BYTES && inner.number() == 1) {
        object.text(NAME, bytes, inner.start(), inner.end());
      } else if (inner.wireType() == FieldReader.BYTES
          && inner.number() == 3
          && inner.end() > inner.start()) {
        object.text(UNIT, bytes, inner.start(), inner.end());
      }
    }
    object.text(
        TYPE,
        switch (type) {
          case GAUGE -> TYPE_GAUGE;
          case SUM -> SUM_NAME;
          case HISTOGRAM -> TYPE_HISTOGRAM;
          case EXPONENTIAL -> TYPE_EXPONENTIAL;
          default -> TYPE_SUMMARY;
        });
    inner.over(bytes, reader.dataStart(), reader.dataEnd());
    while (inner.next()) {
      if (inner.wireType() != FieldReader.VARINT || type == GAUGE || type == SUMMARY) {
        continue;
      }
      long value = inner.value();
      if (inner.number() == 2 && value >= 0 && value < TEMPORALITIES.length) {
        object.text(TEMPORALITY, TEMPORALITIES[(int) value]);
      } else if (inner.number() == 3 && type == SUM && object.member(MONOTONIC)) {
        out.write(value == 0 ? FALSE : TRUE);
        object.endMember();
      }
    }
  }

  private void number() {
    if (fields.wireType() == FieldReader.FIXED64) {
      if (fields.number() == 4) {
        object.number(VALUE, Double.longBitsToDouble(fields.value()));
      } else if (fields.number() == 6) {
        object.number(VALUE, fields.value());
      }
    }
  }

  private void histogram(ByteOutput out) {
    if (fields.wireType() == FieldReader.FIXED64) {
      switch (fields.number()) {
        case 4 -> unsigned(COUNT, out);
        case 5 -> object.number(SUM_NAME, Double.longBitsToDouble(fields.value()));
        case 11 -> object.number(MIN, Double.longBitsToDouble(fields.value()));
        case 12 -> object.number(MAX, Double.longBitsToDouble(fields.value()));
        default -> {}
      }
    }
  }

  private void exponential(ByteOutput out) {
    if (fields.wireType() == FieldReader.FIXED64) {
      switch (fields.number()) {
        case 4 -> unsigned(COUNT, out);
        case 5 -> object.number(SUM_NAME, Double.longBitsToDouble(fields.value()));
        case 7 -> unsigned(ZERO_COUNT, out);
        case 12 -> object.number(MIN, Double.longBitsToDouble(fields.value()));
        case 13 -> object.number(MAX, Double.longBitsToDouble(fields.value()));
        case 14 -> object.number(ZERO_THRESHOLD, Double.longBitsToDouble(fields.value()));
        default -> {}
      }
    } else if (fields.wireType() == FieldReader.VARINT && fields.number() == 6) {
      object.number(SCALE, zigZag(fields.value()));
    }
  }

  private void summary(ByteOutput out) {
    if (fields.wireType() == FieldReader.FIXED64) {
      if (fields.number() == 4) {
        unsigned(COUNT, out);
      } else if (fields.number() == 5) {
        object.number(SUM_NAME, Double.longBitsToDouble(fields.value()));
      }
    }
  }

  private void unsigned(byte[] name, ByteOutput out) {
    if (object.member(name)) {
      JsonText.unsigned(out, fields.value());
      object.endMember();
    }
  }

  private void lists(int type, RecordReader reader, ByteOutput out) {
    switch (type) {
      case HISTOGRAM -> {
        numbers(7, BOUNDS, true, reader, out);
        numbers(6, BUCKET_COUNTS, false, reader, out);
      }
      case EXPONENTIAL -> {
        buckets(8, POSITIVE, reader, out);
        buckets(9, NEGATIVE, reader, out);
      }
      case SUMMARY -> quantiles(reader, out);
      default -> {}
    }
  }

  /// Numbers of eight bytes, packed or not.
  private void numbers(
      int number, byte[] name, boolean isDouble, RecordReader reader, ByteOutput out) {
    boolean isOpen = false;
    fields.over(reader.bytes(), reader.recordStart(), reader.recordEnd());
    while (fields.next()) {
      if (fields.number() != number || fields.wireType() == FieldReader.VARINT) {
        continue;
      }
      packed.over(reader.bytes(), fields.start(), fields.end());
      while (packed.nextPacked(FieldReader.FIXED64)) {
        if (!isOpen && !object.member(name)) {
          return;
        }
        out.write(isOpen ? ',' : '[');
        isOpen = true;
        if (isDouble) {
          JsonText.number(out, Double.longBitsToDouble(packed.value()));
        } else {
          JsonText.unsigned(out, packed.value());
        }
      }
    }
    if (isOpen) {
      out.write(']');
      object.endMember();
    }
  }

  /// `{"offset":…,"bucket_counts":[…]}`
  private void buckets(int number, byte[] name, RecordReader reader, ByteOutput out) {
    byte[] bytes = reader.bytes();
    fields.over(bytes, reader.recordStart(), reader.recordEnd());
    while (fields.next()) {
      if (fields.number() != number
          || fields.wireType() != FieldReader.BYTES
          || !object.member(name)) {
        continue;
      }
      long offset = 0;
      inner.over(bytes, fields.start(), fields.end());
      while (inner.next()) {
        if (inner.number() == 1 && inner.wireType() == FieldReader.VARINT) {
          offset = zigZag(inner.value());
        }
      }
      out.write(OFFSET_KEY);
      JsonText.number(out, offset);
      out.write(COUNTS_KEY);
      boolean isFirst = true;
      inner.over(bytes, fields.start(), fields.end());
      while (inner.next()) {
        boolean isCounts = inner.number() == 2 && inner.wireType() != FieldReader.FIXED64;
        packed.over(bytes, inner.start(), isCounts ? inner.end() : inner.start());
        while (packed.nextPacked(FieldReader.VARINT)) {
          if (!isFirst) {
            out.write(',');
          }
          isFirst = false;
          JsonText.unsigned(out, packed.value());
        }
      }
      out.write(']');
      out.write('}');
      object.endMember();
    }
  }

  /// `[{"quantile":…,"value":…}]`
  private void quantiles(RecordReader reader, ByteOutput out) {
    byte[] bytes = reader.bytes();
    boolean isOpen = false;
    fields.over(bytes, reader.recordStart(), reader.recordEnd());
    while (fields.next()) {
      if (fields.number() != 6 || fields.wireType() != FieldReader.BYTES) {
        continue;
      }
      if (!isOpen && !object.member(QUANTILES)) {
        return;
      }
      double quantile = 0;
      double value = 0;
      inner.over(bytes, fields.start(), fields.end());
      while (inner.next()) {
        if (inner.wireType() == FieldReader.FIXED64 && inner.number() == 1) {
          quantile = Double.longBitsToDouble(inner.value());
        } else if (inner.wireType() == FieldReader.FIXED64 && inner.number() == 2) {
          value = Double.longBitsToDouble(inner.value());
        }
      }
      out.write(isOpen ? ',' : '[');
      isOpen = true;
      out.write(QUANTILE_KEY);
      JsonText.number(out, quantile);
      out.write(VALUE_KEY);
      JsonText.number(out, value);
      out.write('}');
    }
    if (isOpen) {
      out.write(']');
      object.endMember();
    }
  }

  private static long zigZag(long value) {
    return value >>> 1 ^ -(value & 1);
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

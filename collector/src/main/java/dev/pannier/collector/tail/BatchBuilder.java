package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParseResult;
import dev.pannier.parsers.RecordSink;
import dev.pannier.shippers.batch.AttributesEncoder;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.LogsWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes what a parser finds in records straight into a batch.
@SuppressWarnings("EnumOrdinal") // counts by result, without a map on the hot path
final class BatchBuilder implements RecordSink {
  private static final String UID = "log.record.uid";
  private static final byte[] ORIGINAL = "log.record.original".getBytes(US_ASCII);
  private static final byte[] TRUNCATED = "pannier.truncated".getBytes(US_ASCII);
  private static final byte[] NOTHING = {};

  private static final VarHandle LITTLE_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// `observed_time_unix_nano`, a `fixed64`.
  private static final byte OBSERVED_TAG = 0x59;

  private static final int OBSERVED_BYTES = 1 + Long.BYTES;

  private final LogsWriter writer = new LogsWriter();
  private final long[] results = new long[ParseResult.values().length];

  /// What all records of a batch have in common, encoded: when they were observed, the file's
  /// attributes, and at its end the uid, whose last digits are the record's own.
  private byte[] shared = NOTHING;

  private byte @Nullable [] sharedAttributes;
  private int sharedDigits;
  private long sharedObservedNanos;
  private final boolean keepsRaw;
  private boolean hasBody;
  private byte[] bodyText = NOTHING;
  private int bodyLength;

  /// @param keepsRaw whether a record keeps its original bytes where its body differs from them
  BatchBuilder(boolean keepsRaw) {
    this.keepsRaw = keepsRaw;
  }

  void start(byte[] buffer, byte[] resource) {
    writer.start(buffer, resource);
  }

  /// Adds one record.
  ///
  /// @param text     the record in UTF-8
  /// @param raw      its bytes as the file has them
  /// @param position of its first byte in the file
  /// @return false where the batch had no room for it
  boolean add(
      TailedFile file,
      LineParser parser,
      byte[] text,
      int offset,
      int length,
      byte[] raw,
      int rawOffset,
      int rawLength,
      boolean truncated,
      long position,
      long observedNanos) {
    shared(file, position, observedNanos);
    if (parser.isRaw()
        && !truncated
        && !keepsRaw
        && writer.textRecord(text, offset, length, shared, shared.length)) {
      results[ParseResult.PARSED.ordinal()]++;
      return true;
    }
    writer.beginRecord();
    hasBody = false;
    parser.observedAt(observedNanos);
    ParseResult result = parser.parse(text, offset, length, this);
    if (!result.parsed()) {
      writer.resetRecord();
      hasBody = false;
    }
    if (!hasBody) {
      body(text, offset, length);
    }
    writer.encodedAttributes(shared, 0, shared.length);
    if (truncated) {
      writer.attribute(TRUNCATED, 0, TRUNCATED.length, true);
    }
    if (keepsRaw && !isBody(raw, rawOffset, rawLength)) {
      if (Bytes.isUtf8(raw, rawOffset, rawOffset + rawLength)) {
        writer.attribute(ORIGINAL, 0, ORIGINAL.length, raw, rawOffset, rawLength);
      } else {
        writer.attributeBytes(ORIGINAL, 0, ORIGINAL.length, raw, rawOffset, rawLength);
      }
    }
    if (!writer.endRecord()) {
      return false;
    }
    results[result.ordinal()]++;
    return true;
  }

  int records() {
    return writer.records();
  }

  @Nullable Batch finish(String source, String key, byte[] positions) {
    return writer.finish(source, key, positions);
  }

  /// How many records had this result since the last call.
  long takeCount(ParseResult result) {
    long count = results[result.ordinal()];
    results[result.ordinal()] = 0;
    return count;
  }

  /// Makes [#shared] that of one record.
  private void shared(TailedFile file, long position, long observedNanos) {
    int digits = Uid.digits(position);
    if (sharedAttributes != file.attributes || sharedDigits != digits) {
      String uid = file.uidPrefix + "0".repeat(digits);
      byte[] attribute = AttributesEncoder.encode(Map.of(UID, uid));
      int attributes = OBSERVED_BYTES + file.attributes.length;
      shared = new byte[attributes + attribute.length];
      shared[0] = OBSERVED_TAG;
      System.arraycopy(file.attributes, 0, shared, OBSERVED_BYTES, file.attributes.length);
      System.arraycopy(attribute, 0, shared, attributes, attribute.length);
      sharedAttributes = file.attributes;
      sharedDigits = digits;
      sharedObservedNanos = 0;
    }
    if (sharedObservedNanos != observedNanos) {
      LITTLE_ENDIAN.set(shared, 1, observedNanos);
      sharedObservedNanos = observedNanos;
    }
    Uid.write(position, shared, shared.length - digits, digits);
  }

  private boolean isBody(byte[] raw, int offset, int length) {
    return Arrays.equals(raw, offset, offset + length, bodyText, 0, bodyLength);
  }

  @Override
  public void timestamp(long epochNanos) {
    writer.timestamp(epochNanos);
  }

  @Override
  public void severity(int number, byte[] text, int offset, int length) {
    writer.severity(number, text, offset, length);
  }

  @Override
  public void body(byte[] text, int offset, int length) {
    hasBody = true;
    if (keepsRaw) {
      // The parser's range may be gone by the time it is compared with the original.
      if (bodyText.length < length) {
        bodyText = new byte[Integer.highestOneBit(length) << 1];
      }
      System.arraycopy(text, offset, bodyText, 0, length);
      bodyLength = length;
    }
    writer.body(text, offset, length);
  }

  @Override
  public void logger(byte[] name, int offset, int length) {
    writer.logger(name, offset, length);
  }

  @Override
  public void traceId(long high, long low) {
    writer.traceId(high, low);
  }

  @Override
  public void spanId(long id) {
    writer.spanId(id);
  }

  @Override
  public void traceFlags(int flags) {
    writer.traceFlags(flags);
  }

  @Override
  public void attribute(
      byte[] key, int keyOffset, int keyLength, byte[] text, int offset, int length) {
    writer.attribute(key, keyOffset, keyLength, text, offset, length);
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, long value) {
    writer.attribute(key, keyOffset, keyLength, value);
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, double value) {
    writer.attribute(key, keyOffset, keyLength, value);
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, boolean value) {
    writer.attribute(key, keyOffset, keyLength, value);
  }

  @Override
  public void beginMap(byte[] key, int keyOffset, int keyLength) {
    writer.beginMap(key, keyOffset, keyLength);
  }

  @Override
  public void beginArray(byte[] key, int keyOffset, int keyLength) {
    writer.beginArray(key, keyOffset, keyLength);
  }

  @Override
  public void end() {
    writer.end();
  }
}

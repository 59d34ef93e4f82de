package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParseResult;
import dev.pannier.parsers.RecordSink;
import dev.pannier.shippers.batch.AttributesEncoder;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.LogsWriter;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes what a parser finds in records straight into a batch.
@SuppressWarnings("EnumOrdinal") // counts by result, without a map on the hot path
final class BatchBuilder implements RecordSink {
  private static final String UID = "log.record.uid";
  private static final byte[] ORIGINAL = "log.record.original".getBytes(US_ASCII);
  private static final byte[] TRUNCATED = "pannier.truncated".getBytes(US_ASCII);
  private static final byte[] HEX = "0123456789abcdef".getBytes(US_ASCII);
  private static final byte[] NOTHING = {};

  private final LogsWriter writer = new LogsWriter();
  private final long[] results = new long[ParseResult.values().length];

  /// What all records of a file have in common, encoded, and at its end the last digits of the uid,
  /// which are the record's own.
  private byte[] shared = NOTHING;

  private byte @Nullable [] sharedUidPrefix;
  private int sharedDigits = 1;
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
    writer.observedTimestamp(observedNanos);
    shared(file, position);
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

  /// Puts the position into the uid: `VVVVVVVVVVVVVVVV-GGGGGGGGGGGGGGGG-` and the offset, all in
  /// hexadecimal.
  private void shared(TailedFile file, long position) {
    int digits = sharedDigits;
    if ((position >>> (4 * digits)) != 0 || (position >>> (4 * (digits - 1))) == 0) {
      digits = 1;
      for (long rest = position >>> 4; rest != 0; rest >>>= 4) {
        digits++;
      }
    }
    if (sharedUidPrefix != file.uidPrefix || sharedDigits != digits) {
      String uid = new String(file.uidPrefix, US_ASCII) + "0".repeat(digits);
      byte[] attribute = AttributesEncoder.encode(Map.of(UID, uid));
      shared = Arrays.copyOf(file.attributes, file.attributes.length + attribute.length);
      System.arraycopy(attribute, 0, shared, file.attributes.length, attribute.length);
      sharedUidPrefix = file.uidPrefix;
      sharedDigits = digits;
    }
    long rest = position;
    for (int i = shared.length - 1; i >= shared.length - digits; i--) {
      shared[i] = HEX[(int) rest & 0xF];
      rest >>>= 4;
    }
  }

  /// What every uid of a generation begins with.
  static byte[] uidPrefix(long volume, long generation) {
    return String.format("%016x-%016x-", volume, generation).getBytes(US_ASCII);
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

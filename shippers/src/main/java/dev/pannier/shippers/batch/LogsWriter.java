package dev.pannier.shippers.batch;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Writes one `ExportLogsServiceRequest` into a buffer of its caller's, allocating nothing for a
/// record. All records share one resource; consecutive records of one logger share a `ScopeLogs`.
///
/// Use: [#start], then for each record [#beginRecord], its fields in any order, [#endRecord] or
/// [#discardRecord]; then [#finish]. One thread. A scalar field that is set twice keeps its last
/// value, as protobuf has it.
///
/// The field numbers are those of `opentelemetry/proto/logs/v1/logs.proto`:
/// ```
/// request       0A len ResourceLogs
/// ResourceLogs  0A len Resource, then for each run of one logger: 12 llll ScopeLogs
/// ScopeLogs     0A len Scope (left out without a logger), then for each record: 12 len LogRecord
/// ```
/// The request's head is written last, right before the first `ScopeLogs`, so a batch seldom starts
/// at the buffer's first byte. `llll` is a varint stretched to four bytes: a run's length is not
/// known before its end, every protobuf reader takes such a varint, and moving the run would cost
/// a copy of it.
public final class LogsWriter {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG_BIG_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final byte[] NOTHING = {};

  /// A map in a map is three messages, a map in an array two, and protobuf's readers stop at 100.
  private static final int MAX_DEPTH = 30;

  private static final int STRETCHED = 4;
  private static final int MAX_STRETCHED = (1 << 28) - 1;

  /// Most records are 128 to 16,383 bytes long; others are moved by a byte when they are closed.
  private static final int RECORD_LENGTH_WIDTH = 2;

  /// A varint of up to this takes a byte or two.
  private static final int MAX_TWO_BYTES = (1 << 14) - 1;

  private byte[] buffer = NOTHING;
  private byte[] resource = NOTHING;
  private int first;
  private int position;
  private int records;
  private boolean full;

  /// Position of the open run's stretched length; 0 where no run is open.
  private int runLength;

  private byte[] runLogger = new byte[64];
  private int runLoggerLength;

  private int recordStart;
  private byte[] recordLogger = new byte[64];
  private int recordLoggerLength;

  private final int[] lengthPositions = new int[2 * MAX_DEPTH];
  private final boolean[] isArray = new boolean[MAX_DEPTH];
  private final boolean[] inKeyValue = new boolean[MAX_DEPTH];

  /// From the tag of the `KeyValue` to that of the map's or array's length.
  private final int[] keyValueGap = new int[MAX_DEPTH];

  private int depth;

  /// How many maps and arrays are open below the deepest that is written.
  private int tooDeep;

  /// Begins a request.
  ///
  /// @param buffer   taken over until [#finish]; the request is written inside it and never beyond
  /// @param resource an encoded `Resource` message
  public void start(byte[] buffer, byte[] resource) {
    this.buffer = buffer;
    this.resource = resource;
    first = 1 + Varints.MAX_INT_WIDTH + 1 + Varints.MAX_INT_WIDTH + resource.length;
    position = first;
    records = 0;
    runLength = 0;
    full = first > buffer.length || buffer.length > MAX_STRETCHED;
  }

  public void beginRecord() {
    recordStart = position;
    resetRecord();
  }

  public void timestamp(long epochNanos) {
    fixed64(0x09, epochNanos);
  }

  public void observedTimestamp(long epochNanos) {
    fixed64(0x59, epochNanos);
  }

  /// @param number OTLP's `SeverityNumber`, 0 where unknown
  public void severity(int number, byte[] text, int offset, int length) {
    if (has(2)) {
      buffer[position++] = 0x10;
      buffer[position++] = (byte) (number & 0x1F);
    }
    bytes(0x1A, text, offset, length);
  }

  public void body(byte[] text, int offset, int length) {
    anyBytes(0x2A, 0x0A, text, offset, length);
  }

  /// A body that is no valid UTF-8, as `bytes_value`.
  public void bodyBytes(byte[] bytes, int offset, int length) {
    anyBytes(0x2A, 0x3A, bytes, offset, length);
  }

  /// The `InstrumentationScope`'s name of this record.
  public void logger(byte[] name, int offset, int length) {
    if (recordLogger.length < length) {
      recordLogger = new byte[Integer.highestOneBit(length) << 1];
    }
    System.arraycopy(name, offset, recordLogger, 0, length);
    recordLoggerLength = length;
  }

  public void traceId(long high, long low) {
    if (has(18)) {
      buffer[position] = 0x4A;
      buffer[position + 1] = 16;
      LONG_BIG_ENDIAN.set(buffer, position + 2, high);
      LONG_BIG_ENDIAN.set(buffer, position + 10, low);
      position += 18;
    }
  }

  public void spanId(long id) {
    if (has(10)) {
      buffer[position] = 0x52;
      buffer[position + 1] = 8;
      LONG_BIG_ENDIAN.set(buffer, position + 2, id);
      position += 10;
    }
  }

  public void traceFlags(int flags) {
    if (has(5)) {
      buffer[position] = 0x45;
      INT.set(buffer, position + 1, flags & 0xFF);
      position += 5;
    }
  }

  public void attribute(
      byte[] key, int keyOffset, int keyLength, byte[] text, int offset, int length) {
    if (tooDeep > 0) {
      return;
    }
    int value = 1 + (length < 0x80 ? 1 : 2) + length;
    int size = 2 + keyLength + 1 + (value < 0x80 ? 1 : 2) + value;
    byte[] to = buffer;
    int at = position;
    if (depth > 0
        || full
        || keyLength >= 0x80
        || size > MAX_TWO_BYTES
        || size > to.length - at - 1 - Varints.MAX_INT_WIDTH) {
      entry(key, keyOffset, keyLength, 1 + Varints.width(length) + length);
      bytes(0x0A, text, offset, length);
      return;
    }
    // What most attributes are, in one step.
    to[at] = 0x32;
    at = Varints.writeShort(to, at + 1, size);
    to[at] = 0x0A;
    to[at + 1] = (byte) keyLength;
    System.arraycopy(key, keyOffset, to, at + 2, keyLength);
    at += 2 + keyLength;
    to[at] = 0x12;
    at = Varints.writeShort(to, at + 1, value);
    to[at] = 0x0A;
    at = Varints.writeShort(to, at + 1, length);
    System.arraycopy(text, offset, to, at, length);
    position = at + length;
  }

  public void attributeBytes(
      byte[] key, int keyOffset, int keyLength, byte[] bytes, int offset, int length) {
    if (tooDeep > 0) {
      return;
    }
    entry(key, keyOffset, keyLength, 1 + Varints.width(length) + length);
    bytes(0x3A, bytes, offset, length);
  }

  public void attribute(byte[] key, int keyOffset, int keyLength, long value) {
    if (tooDeep > 0) {
      return;
    }
    int width = Varints.width(value);
    entry(key, keyOffset, keyLength, 1 + width);
    if (has(1 + width)) {
      buffer[position++] = 0x18;
      position = Varints.write(buffer, position, value);
    }
  }

  public void attribute(byte[] key, int keyOffset, int keyLength, double value) {
    if (tooDeep > 0) {
      return;
    }
    entry(key, keyOffset, keyLength, 9);
    fixed64(0x21, Double.doubleToRawLongBits(value));
  }

  public void attribute(byte[] key, int keyOffset, int keyLength, boolean value) {
    if (tooDeep > 0) {
      return;
    }
    entry(key, keyOffset, keyLength, 2);
    if (has(2)) {
      buffer[position++] = 0x10;
      buffer[position++] = (byte) (value ? 1 : 0);
    }
  }

  /// Opens a map. Below 30 levels of maps and arrays nothing is written: what is nested deeper is
  /// left out, since no reader of protobuf would take the record with it.
  public void beginMap(byte[] key, int keyOffset, int keyLength) {
    begin(key, keyOffset, keyLength, false);
  }

  public void beginArray(byte[] key, int keyOffset, int keyLength) {
    begin(key, keyOffset, keyLength, true);
  }

  /// Closes the map or array opened last.
  public void end() {
    if (tooDeep > 0) {
      tooDeep--;
      return;
    }
    if (depth == 0) {
      throw new IllegalStateException("end() without beginMap or beginArray");
    }
    depth--;
    if (!full) {
      closeStretched(lengthPositions[2 * depth + 1]);
      closeStretched(lengthPositions[2 * depth]);
      if (inKeyValue[depth]) {
        closeStretched(lengthPositions[2 * depth] - keyValueGap[depth]);
      }
    }
  }

  /// Opens `KeyValue{key, AnyValue{array or map}}`, or only the `AnyValue` inside an array; the
  /// lengths are stretched, since they are known at the end only.
  private void begin(byte[] key, int keyOffset, int keyLength, boolean array) {
    if (depth == MAX_DEPTH) {
      tooDeep++;
      return;
    }
    boolean element = depth > 0 && isArray[depth - 1];
    int keySize = element ? 0 : 1 + STRETCHED + 1 + Varints.width(keyLength) + keyLength;
    inKeyValue[depth] = !element;
    isArray[depth] = array;
    if (has(keySize + 2 * (1 + STRETCHED))) {
      int start = position;
      if (element) {
        buffer[position++] = 0x0A;
      } else {
        buffer[position++] = (byte) (depth == 0 ? 0x32 : 0x0A);
        position += STRETCHED;
        bytes(0x0A, key, keyOffset, keyLength);
        buffer[position++] = 0x12;
      }
      lengthPositions[2 * depth] = position;
      keyValueGap[depth] = position - start - 1;
      position += STRETCHED;
      buffer[position++] = (byte) (array ? 0x2A : 0x32);
      lengthPositions[2 * depth + 1] = position;
      position += STRETCHED;
    }
    depth++;
  }

  private void closeStretched(int lengthPosition) {
    Varints.writeStretched(buffer, lengthPosition, position - lengthPosition - STRETCHED);
  }

  /// The head of one attribute or entry, up to its `AnyValue`'s content of `valueSize` bytes.
  private void entry(byte[] key, int keyOffset, int keyLength, int valueSize) {
    if (depth > 0 && isArray[depth - 1]) {
      if (has(1 + Varints.MAX_INT_WIDTH + valueSize)) {
        buffer[position++] = 0x0A;
        position = Varints.write(buffer, position, valueSize);
      }
      return;
    }
    int size = 1 + Varints.width(keyLength) + keyLength + 1 + Varints.width(valueSize) + valueSize;
    if (has(1 + Varints.MAX_INT_WIDTH + size)) {
      buffer[position++] = (byte) (depth == 0 ? 0x32 : 0x0A);
      position = Varints.write(buffer, position, size);
      bytes(0x0A, key, keyOffset, keyLength);
      buffer[position++] = 0x12;
      position = Varints.write(buffer, position, valueSize);
    }
  }

  /// Bytes already encoded as repeated `attributes` fields of a `LogRecord` (tag included), for
  /// what is the same in every record of a file.
  public void encodedAttributes(byte[] encoded, int offset, int length) {
    if (has(length)) {
      System.arraycopy(encoded, offset, buffer, position, length);
      position += length;
    }
  }

  /// Writes a whole record that has a text as its body and else only what is encoded already: what
  /// [#beginRecord], [#body], [#encodedAttributes] and [#endRecord] would write, in one step.
  ///
  /// @param rest fields of a `LogRecord`, tags included, in `[0, restLength)`
  /// @return false where it has not the common shape, or the buffer no room: nothing was written,
  ///     and those methods are to be used
  public boolean textRecord(byte[] text, int offset, int length, byte[] rest, int restLength) {
    int value = 1 + (length < 0x80 ? 1 : 2) + length;
    int content = 1 + (value < 0x80 ? 1 : 2) + value + restLength;
    byte[] to = buffer;
    int at = position;
    if (runLength == 0
        || runLoggerLength != 0
        || value > MAX_TWO_BYTES
        || content > MAX_TWO_BYTES
        || content < 0x80
        || content > to.length - at - 1 - RECORD_LENGTH_WIDTH) {
      return false;
    }
    to[at] = 0x12;
    to[at + 1] = (byte) (content | 0x80);
    to[at + 2] = (byte) (content >>> 7);
    to[at + 3] = 0x2A;
    at = Varints.writeShort(to, at + 4, value);
    to[at] = 0x0A;
    at = Varints.writeShort(to, at + 1, length);
    System.arraycopy(text, offset, to, at, length);
    System.arraycopy(rest, 0, to, at + length, restLength);
    position = at + length + restLength;
    records++;
    return true;
  }

  /// Forgets the fields of the record that is open, which stays open: a parser gave up half-way.
  public void resetRecord() {
    position = recordStart + 1 + RECORD_LENGTH_WIDTH;
    full = position > buffer.length;
    depth = 0;
    tooDeep = 0;
    recordLoggerLength = 0;
  }

  /// Closes the record.
  ///
  /// @return false where the buffer had no room for it: the record was discarded, and the request
  ///     holds those before it
  public boolean endRecord() {
    while (depth > 0 || tooDeep > 0) {
      end();
    }
    if (full) {
      discardRecord();
      return false;
    }
    int content = recordStart + 1 + RECORD_LENGTH_WIDTH;
    int length = position - content;
    int width = Varints.width(length);
    boolean newRun =
        runLength == 0
            || runLoggerLength != recordLoggerLength
            || (runLoggerLength > 0
                && !Arrays.equals(
                    runLogger, 0, runLoggerLength, recordLogger, 0, recordLoggerLength));
    int scopeSize =
        recordLoggerLength == 0 ? 0 : 1 + Varints.width(recordLoggerLength) + recordLoggerLength;
    int runHead =
        !newRun
            ? 0
            : 1 + STRETCHED + (scopeSize == 0 ? 0 : 1 + Varints.width(scopeSize) + scopeSize);
    int shift = runHead + width - RECORD_LENGTH_WIDTH;
    if (position + shift > buffer.length) {
      discardRecord();
      return false;
    }
    if (shift != 0) {
      System.arraycopy(buffer, content, buffer, content + shift, length);
    }
    int at = recordStart;
    if (newRun) {
      at = openRun(at, scopeSize);
    }
    buffer[at] = 0x12;
    Varints.write(buffer, at + 1, length);
    position += shift;
    records++;
    return true;
  }

  private int openRun(int at, int scopeSize) {
    closeRun(at);
    byte[] swapped = runLogger;
    runLogger = recordLogger;
    runLoggerLength = recordLoggerLength;
    recordLogger = swapped;
    buffer[at] = 0x12;
    runLength = at + 1;
    int next = runLength + STRETCHED;
    if (scopeSize > 0) {
      buffer[next++] = 0x0A;
      next = Varints.write(buffer, next, scopeSize);
      buffer[next++] = 0x0A;
      next = Varints.write(buffer, next, runLoggerLength);
      System.arraycopy(runLogger, 0, buffer, next, runLoggerLength);
      next += runLoggerLength;
    }
    return next;
  }

  private void closeRun(int end) {
    if (runLength > 0) {
      Varints.writeStretched(buffer, runLength, end - runLength - STRETCHED);
    }
  }

  /// Drops the record that is open.
  public void discardRecord() {
    position = recordStart;
    depth = 0;
    tooDeep = 0;
    full = false;
  }

  /// The records written since [#start].
  public int records() {
    return records;
  }

  /// The bytes that the request would have if it were finished now, rounded up.
  public int size() {
    return position;
  }

  /// Completes the request.
  ///
  /// @return the batch, in the buffer given to [#start]; null if it has no record
  public @Nullable Batch finish(String source, String key, byte[] positions) {
    byte[] written = buffer;
    buffer = NOTHING;
    if (records == 0) {
      return null;
    }
    int end = position;
    if (runLength > 0) {
      Varints.writeStretched(written, runLength, end - runLength - STRETCHED);
    }
    int resourceHead = 1 + Varints.width(resource.length);
    int size = resourceHead + resource.length + end - first;
    int start = first - resource.length - resourceHead - Varints.width(size) - 1;
    written[start] = 0x0A;
    int next = Varints.write(written, start + 1, size);
    written[next++] = 0x0A;
    next = Varints.write(written, next, resource.length);
    System.arraycopy(resource, 0, written, next, resource.length);
    return new Batch(Signal.LOGS, written, start, end - start, records, source, key, positions);
  }

  private boolean has(int bytes) {
    if (full || bytes > buffer.length - position) {
      full = true;
      return false;
    }
    return true;
  }

  private void fixed64(int tag, long value) {
    if (has(9)) {
      buffer[position] = (byte) tag;
      LONG.set(buffer, position + 1, value);
      position += 9;
    }
  }

  private void bytes(int tag, byte[] value, int offset, int length) {
    if (has(1 + Varints.MAX_INT_WIDTH + length)) {
      buffer[position++] = (byte) tag;
      position = Varints.write(buffer, position, length);
      System.arraycopy(value, offset, buffer, position, length);
      position += length;
    }
  }

  private void anyBytes(int tag, int valueTag, byte[] value, int offset, int length) {
    if (has(2 * (1 + Varints.MAX_INT_WIDTH) + length)) {
      int at = position;
      buffer[at] = (byte) tag;
      at = Varints.write(buffer, at + 1, 1 + Varints.width(length) + length);
      buffer[at] = (byte) valueTag;
      at = Varints.write(buffer, at + 1, length);
      System.arraycopy(value, offset, buffer, at, length);
      position = at + length;
    }
  }
}

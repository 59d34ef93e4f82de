package dev.pannier.shippers.batch;

import java.util.Arrays;

/// The attributes of a message, `repeated KeyValue`, as ranges of the request's bytes. Never throws,
/// whatever the bytes are. Reused; allocates nothing once it has grown.
public final class Attributes {
  private static final int KEY_START = 0;
  private static final int KEY_END = 1;
  private static final int VALUE_START = 2;
  private static final int VALUE_END = 3;
  private static final int WIDTH = 4;

  /// Of `key` and `value`, fields 1 and 2 of wire type 2.
  private static final byte KEY_TAG = 0x0A;

  private static final byte VALUE_TAG = 0x12;

  private final FieldReader message = new FieldReader();
  private final FieldReader entry = new FieldReader();
  private byte[] bytes = new byte[0];
  private int[] ranges = new int[16 * WIDTH];
  private int count;

  /// Reads the attributes of the message in `[start, end)`.
  ///
  /// @param number the field's, `LogRecord` 6, `Span` 9, `Resource` 1
  public Attributes over(byte[] bytes, int start, int end, int number) {
    clear(bytes);
    message.over(bytes, start, end);
    while (message.next()) {
      if (message.number() == number && message.wireType() == FieldReader.BYTES) {
        add(message.start(), message.end());
      }
    }
    return this;
  }

  /// Forgets all; what is added next lies in `bytes`.
  public void clear(byte[] bytes) {
    this.bytes = bytes;
    count = 0;
  }

  /// Adds the `KeyValue` in `[start, end)`.
  public void add(int start, int end) {
    if (WIDTH * (count + 1) > ranges.length) {
      ranges = Arrays.copyOf(ranges, 2 * ranges.length);
    }
    int at = WIDTH * count++;
    if (isKeyAndValue(bytes, start, end, at)) {
      return;
    }
    Arrays.fill(ranges, at, at + WIDTH, start);
    entry.over(bytes, start, end);
    while (entry.next()) {
      if (entry.wireType() == FieldReader.BYTES && entry.number() <= 2) {
        int range = entry.number() == 1 ? KEY_START : VALUE_START;
        ranges[at + range] = entry.start();
        ranges[at + range + 1] = entry.end();
      }
    }
  }

  /// A short key and then a value, as nearly all are, needs no walk over fields.
  private boolean isKeyAndValue(byte[] bytes, int start, int end, int at) {
    if (end - start < 5 || bytes[start] != KEY_TAG || bytes[start + 1] < 0) {
      return false;
    }
    int keyStart = start + 2;
    int keyEnd = keyStart + bytes[start + 1];
    if (keyEnd > end - 3 || bytes[keyEnd] != VALUE_TAG) {
      return false;
    }
    int length = bytes[keyEnd + 1];
    int valueStart = keyEnd + 2;
    if (length < 0 && bytes[valueStart] >= 0) {
      length = (length & 0x7F) | (bytes[valueStart] << 7);
      valueStart++;
    }
    if (length != end - valueStart) {
      return false;
    }
    ranges[at + KEY_START] = keyStart;
    ranges[at + KEY_END] = keyEnd;
    ranges[at + VALUE_START] = valueStart;
    ranges[at + VALUE_END] = end;
    return true;
  }

  public byte[] bytes() {
    return bytes;
  }

  public int count() {
    return count;
  }

  public int keyStart(int index) {
    return ranges[WIDTH * index + KEY_START];
  }

  public int keyEnd(int index) {
    return ranges[WIDTH * index + KEY_END];
  }

  /// Where the `AnyValue` begins.
  public int valueStart(int index) {
    return ranges[WIDTH * index + VALUE_START];
  }

  public int valueEnd(int index) {
    return ranges[WIDTH * index + VALUE_END];
  }

  public boolean keyIs(int index, byte[] key) {
    int start = keyStart(index);
    int end = keyEnd(index);
    return end - start == key.length && Arrays.equals(bytes, start, end, key, 0, key.length);
  }

  /// @return the index of the first attribute with this key; -1 if there is none
  public int find(byte[] key) {
    for (int i = 0; i < count; i++) {
      if (keyIs(i, key)) {
        return i;
      }
    }
    return -1;
  }
}

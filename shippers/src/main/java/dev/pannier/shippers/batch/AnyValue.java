package dev.pannier.shippers.batch;

/// One `AnyValue`: which kind of value it has, and where. Reused; allocates nothing.
public final class AnyValue {
  public static final int NONE = 0;
  public static final int STRING = 1;
  public static final int BOOL = 2;
  public static final int INT = 3;
  public static final int DOUBLE = 4;
  public static final int ARRAY = 5;
  public static final int MAP = 6;
  public static final int BYTES = 7;

  /// Of `string_value`, field 1 of wire type 2.
  private static final byte STRING_TAG = 0x0A;

  private final FieldReader fields = new FieldReader();
  private int kind;
  private int start;
  private int end;
  private long number;

  /// Reads the `AnyValue` in `[start, end)`; of several values it has the last.
  public AnyValue over(byte[] bytes, int start, int end) {
    if (isString(bytes, start, end)) {
      return this;
    }
    kind = NONE;
    fields.over(bytes, start, end);
    while (fields.next()) {
      MessageType.Field field = Schema.ANY_VALUE.field(fields.number());
      if (field != null && field.kind().wireType == fields.wireType()) {
        kind = field.number();
        this.start = fields.start();
        this.end = fields.end();
        number = fields.value();
      }
    }
    return this;
  }

  /// A short string and nothing else, as nearly all are, needs no walk over fields.
  private boolean isString(byte[] bytes, int start, int end) {
    if (end - start < 3 || bytes[start] != STRING_TAG) {
      return false;
    }
    int length = bytes[start + 1];
    int content = start + 2;
    if (length < 0 && bytes[content] >= 0) {
      length = (length & 0x7F) | (bytes[content] << 7);
      content++;
    }
    if (length != end - content) {
      return false;
    }
    kind = STRING;
    this.start = content;
    this.end = end;
    return true;
  }

  /// The number of its field: [#STRING] to [#BYTES], or [#NONE].
  public int kind() {
    return kind;
  }

  /// Where the content of a string, bytes, array or map begins.
  public int start() {
    return start;
  }

  public int end() {
    return end;
  }

  /// The value of [#INT], 0 or another of [#BOOL], the bits of [#DOUBLE].
  public long number() {
    return number;
  }
}

package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;

/// Encodes attributes that are the same in many log records, once.
public final class AttributesEncoder {
  private static final int KEY = 1 << 3 | Fields.LENGTH;
  private static final int VALUE = 2 << 3 | Fields.LENGTH;
  private static final int STRING = 1 << 3 | Fields.LENGTH;

  /// `LogRecord.attributes`.
  private static final int ATTRIBUTES = 6 << 3 | Fields.LENGTH;

  private AttributesEncoder() {}

  /// @return `attributes` fields of a `LogRecord`, tags included, in the order of the map; what
  ///     [LogsWriter#encodedAttributes] and [RecordEdit#add] take
  public static byte[] encode(Map<String, String> attributes) {
    Output out = new Output(64 * attributes.size());
    attributes.forEach(
        (key, value) -> {
          byte[] text = value.getBytes(UTF_8);
          int attribute = out.begin(ATTRIBUTES, 0);
          byte[] name = key.getBytes(UTF_8);
          out.field(KEY, name, 0, name.length);
          int any = out.begin(VALUE, text.length);
          out.field(STRING, text, 0, text.length);
          out.end(any, text.length);
          out.end(attribute, 0);
        });
    return out.toByteArray();
  }
}

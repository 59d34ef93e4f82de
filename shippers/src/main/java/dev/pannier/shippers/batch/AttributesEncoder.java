package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;

/// Encodes attributes that are the same in many log records, once, and the `Resource` of a
/// source.
public final class AttributesEncoder {
  private AttributesEncoder() {}

  /// ```
  /// Resource { 1: KeyValue { 1: key, 2: AnyValue { 1: value } } }
  /// ```
  ///
  /// @return a `Resource` message, as [LogsWriter#start] takes it
  public static byte[] resource(Map<String, String> attributes) {
    return encode(1, attributes);
  }

  /// ```
  /// LogRecord { 6: KeyValue { 1: key, 2: AnyValue { 1: value } } }
  /// ```
  ///
  /// @return `attributes` fields of a `LogRecord`, tags included, in the order of the map; what
  ///     [LogsWriter#encodedAttributes] and [RecordEdit#add] take
  public static byte[] encode(Map<String, String> attributes) {
    return encode(6, attributes);
  }

  private static byte[] encode(int number, Map<String, String> attributes) {
    ByteOutput out = new ByteOutput(64 * attributes.size());
    attributes.forEach(
        (key, value) -> {
          byte[] name = key.getBytes(UTF_8);
          byte[] text = value.getBytes(UTF_8);
          long attribute = out.open(number, name.length + text.length);
          out.field(1, name, 0, name.length);
          long any = out.open(2, text.length);
          out.field(1, text, 0, text.length);
          out.close(any);
          out.close(attribute);
        });
    return out.toBytes();
  }
}

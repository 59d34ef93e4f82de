package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/// A value that a topic, a path or a key is made of, looked up in a record.
///
/// @param of  where it is looked for
/// @param key the attribute's; empty for [Of#TRACE_ID]
public record Lookup(Of of, String key) {
  public enum Of {
    /// The record's trace id, as 32 hexadecimal digits.
    TRACE_ID,
    /// An attribute of the record's resource.
    RESOURCE,
    /// An attribute of the record.
    ATTRIBUTE
  }

  private static final String RESOURCE_PREFIX = "resource:";
  private static final String ATTRIBUTE_PREFIX = "attribute:";

  /// The lookup written as `trace_id`, `resource:KEY` or `attribute:KEY`; none for other texts
  /// (`source`, `none`).
  public static List<Lookup> parse(String text) {
    if (text.equals("trace_id")) {
      return List.of(new Lookup(Of.TRACE_ID, ""));
    }
    if (text.startsWith(RESOURCE_PREFIX)) {
      return List.of(new Lookup(Of.RESOURCE, text.substring(RESOURCE_PREFIX.length())));
    }
    if (text.startsWith(ATTRIBUTE_PREFIX)) {
      return List.of(new Lookup(Of.ATTRIBUTE, text.substring(ATTRIBUTE_PREFIX.length())));
    }
    return List.of();
  }

  byte[] keyBytes() {
    return key.getBytes(UTF_8);
  }
}

package dev.pannier.parsers;

/// Entries of the MDC: trace context goes to the record's own fields, everything else becomes an
/// attribute.
final class MdcNames {
  private static final JsonFields FIELDS = JsonFields.logstash();

  private MdcNames() {}

  static void push(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] text,
      int offset,
      int length,
      RecordSink sink) {
    boolean taken =
        switch (FIELDS.role(key, keyOffset, keyLength)) {
          case TRACE_ID -> TraceIds.trace(text, offset, length, sink);
          case SPAN_ID -> TraceIds.span(text, offset, length, sink);
          case TRACE_FLAGS -> TraceIds.flags(text, offset, length, sink);
          case DECIMAL_TRACE_ID -> TraceIds.decimalTrace(text, offset, length, sink);
          case DECIMAL_SPAN_ID -> TraceIds.decimalSpan(text, offset, length, sink);
          default -> false;
        };
    if (!taken) {
      sink.attribute(key, keyOffset, keyLength, text, offset, length);
    }
  }

  static boolean isTraceId(byte[] key) {
    JsonFields.Role role = FIELDS.role(key, 0, key.length);
    return role == JsonFields.Role.TRACE_ID || role == JsonFields.Role.DECIMAL_TRACE_ID;
  }
}

package dev.pannier.parsers;

/// Trace context in a line of text: `trace_id=…` in any of the known names, Spring Cloud Sleuth's
/// `[app,trace,span]` (a fourth part says whether it was sampled), and Spring Boot's
/// `[trace-span]`. The first of each counts.
final class TraceText {
  private static final int TRACE_DIGITS = 32;
  private static final int SPAN_DIGITS = 16;

  private final JsonFields fields = JsonFields.logstash();
  private boolean hasTrace;
  private boolean hasSpan;

  void find(byte[] text, int offset, int end, RecordSink sink) {
    hasTrace = false;
    hasSpan = false;
    for (int i = offset; i < end; i++) {
      byte b = text[i];
      if (b == '=') {
        named(text, offset, i, end, sink);
      } else if (b == '[' && !hasTrace) {
        brackets(text, i + 1, end, sink);
      }
    }
  }

  /// `name=value` around the sign at `equals`.
  private void named(byte[] text, int offset, int equals, int end, RecordSink sink) {
    int from = equals;
    while (from > offset && isKeyPart(text[from - 1])) {
      from--;
    }
    JsonFields.Role role = fields.role(text, from, equals - from);
    if (role == JsonFields.Role.ATTRIBUTE) {
      return;
    }
    int start = equals + 1;
    int stop = start;
    while (stop < end && stop - start <= TRACE_DIGITS && Ascii.hex(text[stop]) >= 0) {
      stop++;
    }
    int length = stop - start;
    switch (role) {
      case TRACE_ID -> hasTrace = hasTrace || TraceIds.trace(text, start, length, sink);
      case SPAN_ID -> hasSpan = hasSpan || TraceIds.span(text, start, length, sink);
      case TRACE_FLAGS -> TraceIds.flags(text, start, length, sink);
      case DECIMAL_TRACE_ID ->
          hasTrace = hasTrace || TraceIds.decimalTrace(text, start, length, sink);
      case DECIMAL_SPAN_ID -> hasSpan = hasSpan || TraceIds.decimalSpan(text, start, length, sink);
      default -> {}
    }
  }

  /// What stands behind an opening bracket.
  private void brackets(byte[] text, int from, int end, RecordSink sink) {
    int at = from;
    while (at < end && isKeyPart(text[at]) && text[at] != ',') {
      at++;
    }
    if (at < end && text[at] == ',') {
      pair(text, at + 1, ',', end, sink);
    } else {
      pair(text, from, '-', end, sink);
    }
  }

  /// `trace`, the separator, `span`, and a bracket or a comma.
  private void pair(byte[] text, int from, char separator, int end, RecordSink sink) {
    int traceEnd = from;
    while (traceEnd < end && traceEnd - from <= TRACE_DIGITS && Ascii.hex(text[traceEnd]) >= 0) {
      traceEnd++;
    }
    int digits = traceEnd - from;
    int spanEnd = traceEnd + 1 + SPAN_DIGITS;
    if ((digits != TRACE_DIGITS && digits != SPAN_DIGITS)
        || spanEnd >= end
        || text[traceEnd] != separator
        || (text[spanEnd] != ']' && text[spanEnd] != ',')) {
      return;
    }
    hasTrace = TraceIds.trace(text, from, digits, sink);
    hasSpan = TraceIds.span(text, traceEnd + 1, SPAN_DIGITS, sink) || hasSpan;
  }

  private static boolean isKeyPart(byte b) {
    return (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || (b >= '0' && b <= '9')
        || b == '_'
        || b == '.'
        || b == '-';
  }
}

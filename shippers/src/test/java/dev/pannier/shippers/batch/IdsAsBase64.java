package dev.pannier.shippers.batch;

import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// The one thing in which OTLP's JSON differs from what protobuf's own classes read: ids are in
/// hexadecimal.
final class IdsAsBase64 {
  private static final Pattern ID =
      Pattern.compile("\"(traceId|spanId|parentSpanId)\":\"([0-9a-f]*)\"");

  private static final Pattern BASE64_ID =
      Pattern.compile(
          "\"(traceId|spanId|parentSpanId|trace_id|span_id|parent_span_id)\": \"([^\"]*)\"");

  private IdsAsBase64() {}

  static String backToHex(String json) {
    return BASE64_ID
        .matcher(json)
        .replaceAll(
            id ->
                "\"%s\":\"%s\""
                    .formatted(
                        id.group(1),
                        HexFormat.of()
                            .withUpperCase()
                            .formatHex(Base64.getDecoder().decode(id.group(2)))));
  }

  static String of(String json) {
    return ID.matcher(json)
        .replaceAll(
            id ->
                "\"%s\":\"%s\""
                    .formatted(
                        id.group(1),
                        Base64.getEncoder().encodeToString(HexFormat.of().parseHex(id.group(2)))));
  }
}

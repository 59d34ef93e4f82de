package dev.pannier.shippers.batch;

import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// The one thing in which OTLP's JSON differs from what protobuf's own classes read: ids are in
/// hexadecimal.
final class IdsAsBase64 {
  private static final Pattern ID =
      Pattern.compile("\"(traceId|spanId|parentSpanId)\":\"([0-9a-f]*)\"");

  private IdsAsBase64() {}

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

package dev.pannier.collector.receive;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How a client speaks OTLP, which is how it is answered.
enum Form {
  GRPC,
  PROTOBUF,
  JSON;

  /// @param contentType the header, with or without parameters
  /// @return null where it is none of OTLP's
  static @Nullable Form of(@Nullable String contentType) {
    if (contentType == null) {
      return null;
    }
    int semicolon = contentType.indexOf(';');
    String mediaType = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
    return switch (mediaType.strip().toLowerCase(Locale.ROOT)) {
      case "application/grpc", "application/grpc+proto" -> GRPC;
      case "application/x-protobuf" -> PROTOBUF;
      case "application/json" -> JSON;
      default -> null;
    };
  }
}

package dev.pannier.integration;

/// The ways in which OTLP travels.
enum Wire {
  GRPC("grpc"),
  HTTP_PROTOBUF("http/protobuf"),
  HTTP_JSON("http/json");

  private final String protocol;

  Wire(String protocol) {
    this.protocol = protocol;
  }

  /// As a shipper's `protocol` names it.
  String protocol() {
    return protocol;
  }
}

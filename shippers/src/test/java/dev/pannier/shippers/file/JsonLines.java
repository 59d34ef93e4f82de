package dev.pannier.shippers.file;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.pannier.shippers.Batches;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import java.util.List;

/// Reads lines of OTLP JSON with the official classes.
final class JsonLines {
  private JsonLines() {}

  static List<String> bodies(String lines) {
    return lines.lines().map(JsonLines::request).flatMap(r -> Batches.bodies(r).stream()).toList();
  }

  private static ExportLogsServiceRequest request(String json) {
    ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
    try {
      JsonFormat.parser().merge(json, request);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(json, e);
    }
    return request.build();
  }
}

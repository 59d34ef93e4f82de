package dev.pannier.collector.dispatch;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;

/// Batches of log records, encoded by the official classes.
final class Batches {
  private Batches() {}

  /// From a file, since it has a position.
  static Batch fromFile(String key, String... bodies) {
    return fromFile(key, 0, bodies);
  }

  /// As if each record took a byte.
  static Batch fromFile(String key, long position, String... bodies) {
    byte[] bytes = encode(bodies);
    byte[] positions =
        new Positions(key.hashCode(), position, position + bodies.length, 0, 0).encode();
    return new Batch(Signal.LOGS, bytes, 0, bytes.length, bodies.length, "app", key, positions);
  }

  static Batch received(String... bodies) {
    byte[] bytes = encode(bodies);
    return Batch.received(Signal.LOGS, bytes, 0, bytes.length, bodies.length, "otlp");
  }

  /// Of another signal; the bytes are those of logs nevertheless, so that fakes can read them.
  static Batch received(Signal signal, String... bodies) {
    byte[] bytes = encode(bodies);
    return Batch.received(signal, bytes, 0, bytes.length, bodies.length, "otlp");
  }

  private static byte[] encode(String... bodies) {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    for (String body : bodies) {
      scope.addLogRecords(
          LogRecord.newBuilder().setBody(AnyValue.newBuilder().setStringValue(body)));
    }
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(ResourceLogs.newBuilder().addScopeLogs(scope))
        .build()
        .toByteArray();
  }
}

package dev.pannier.shippers;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.resource.v1.Resource;
import java.util.List;
import java.util.stream.IntStream;

/// Batches for tests, made and read with the official classes.
public final class Batches {
  private Batches() {}

  /// Log records with these bodies, from the middle of a larger array, as tailing makes them.
  public static Batch logs(String key, String... bodies) {
    byte[] request = request("checkout", bodies).toByteArray();
    byte[] bytes = new byte[request.length + 20];
    System.arraycopy(request, 0, bytes, 7, request.length);
    return new Batch(
        Signal.LOGS,
        bytes,
        7,
        request.length,
        bodies.length,
        "app",
        key,
        new Positions(key.hashCode(), 0, bodies.length, 0, 0).encode());
  }

  public static ExportLogsServiceRequest request(String service, String... bodies) {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    for (String body : bodies) {
      scope.addLogRecords(
          LogRecord.newBuilder()
              .setTimeUnixNano(1_700_000_000_000_000_000L)
              .setBody(AnyValue.newBuilder().setStringValue(body))
              .addAttributes(attribute("log.record.original", body)));
    }
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(
            ResourceLogs.newBuilder()
                .setResource(
                    Resource.newBuilder().addAttributes(attribute("service.name", service)))
                .addScopeLogs(scope))
        .build();
  }

  /// Log records of one resource that takes so much: what is made of each may repeat it.
  public static Batch ofLargeResource(String key, int resourceBytes, int records) {
    ExportLogsServiceRequest.Builder request =
        request(
            "checkout",
            IntStream.range(0, records).mapToObj(i -> "line " + i).toArray(String[]::new))
            .toBuilder();
    request
        .getResourceLogsBuilder(0)
        .getResourceBuilder()
        .addAttributes(attribute("large", "x".repeat(resourceBytes)));
    byte[] bytes = request.build().toByteArray();
    return new Batch(
        Signal.LOGS,
        bytes,
        0,
        bytes.length,
        records,
        "app",
        key,
        new Positions(key.hashCode(), 0, records, 0, 0).encode());
  }

  public static KeyValue attribute(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }

  /// The bodies of an encoded request.
  public static List<String> bodies(ByteString request) {
    try {
      return bodies(ExportLogsServiceRequest.parseFrom(request));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(request.toString(UTF_8), e);
    }
  }

  public static List<String> bodies(ExportLogsServiceRequest request) {
    return request.getResourceLogsList().stream()
        .flatMap(resource -> resource.getScopeLogsList().stream())
        .flatMap(scope -> scope.getLogRecordsList().stream())
        .map(record -> record.getBody().getStringValue())
        .toList();
  }
}

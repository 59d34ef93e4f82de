package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.JsonFormat;
import dev.pannier.shippers.Batches;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RouteTest {
  /// More than what the encoder begins with, so that some message fills its array to the last byte.
  private static final int MOST_PADDING = 1_100;

  private final ShipperSettings.Kafka byTrace =
      new FakeCluster().settings("t", Encoding.OTLP_JSON, "trace_id", Map.of());

  @Test
  void messageKeepsItsBytesWhateverLengthItHas() throws Exception {
    for (int padding = 0; padding < MOST_PADDING; padding++) {
      String first = "x".repeat(padding);
      List<String> bodies = new ArrayList<>();
      for (Message message : new Route(byTrace, Signal.LOGS).messages(twoTraces(first, "second"))) {
        bodies.addAll(bodies(message.take().value()));
      }
      assertThat(bodies).as("padding of " + padding).containsExactly(first, "second");
    }
  }

  private static List<String> bodies(byte[] json) throws Exception {
    ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
    JsonFormat.parser().merge(new String(json, UTF_8), request);
    return Batches.bodies(request.build());
  }

  private static Batch twoTraces(String first, String second) {
    byte[] bytes =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .addScopeLogs(
                        ScopeLogs.newBuilder()
                            .addLogRecords(record("0102030405060708090a0b0c0d0e0f10", first))
                            .addLogRecords(record("1112131415161718191a1b1c1d1e1f20", second))))
            .build()
            .toByteArray();
    return Batch.received(Signal.LOGS, bytes, 0, bytes.length, 2, "otlp");
  }

  private static LogRecord record(String trace, String body) {
    return LogRecord.newBuilder()
        .setTraceId(ByteString.fromHex(trace))
        .setBody(AnyValue.newBuilder().setStringValue(body))
        .build();
  }
}

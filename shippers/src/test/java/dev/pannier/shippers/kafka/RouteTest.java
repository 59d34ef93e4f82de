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
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
      Route route = new Route(byTrace, Signal.LOGS, Integer.MAX_VALUE);
      for (Message message : route.messages(twoTraces(first, "second"), Long.MAX_VALUE)) {
        bodies.addAll(bodies(message.take().value()));
      }
      assertThat(bodies).as("padding of " + padding).containsExactly(first, "second");
    }
  }

  @ParameterizedTest
  @EnumSource(Encoding.class)
  void messagesThatAreNotKeptAreMadeAnewEachTime(Encoding encoding) {
    ShipperSettings.Kafka settings =
        new FakeCluster().settings("t", encoding, "trace_id", Map.of());
    Route route = new Route(settings, Signal.LOGS, Integer.MAX_VALUE);
    Batch batch = twoTraces("first", "second");
    Messages kept = route.messages(batch, Long.MAX_VALUE);
    Messages anew = route.messages(batch, kept.heldBytes() - 1);
    List<String> all = described(kept);

    assertThat(all).hasSize(2);
    assertThat(kept.heldBytes()).isPositive();
    assertThat(anew.heldBytes()).isZero();
    assertThat(anew.isEmpty()).isFalse();
    assertThat(described(anew)).isEqualTo(all);
    assertThat(described(anew)).isEqualTo(all);

    BitSet second = new BitSet();
    second.set(1);
    assertThat(described(anew.without(second))).containsExactly(all.getFirst());
    assertThat(described(route.messages(batch, Long.MAX_VALUE).without(second)))
        .containsExactly(all.getFirst());
    second.set(0);
    assertThat(anew.without(second).isEmpty()).isTrue();
  }

  private static List<String> described(Messages messages) {
    List<String> all = new ArrayList<>();
    for (Message message : messages) {
      int size = message.size();
      BitSet records = new BitSet();
      message.addTo(records, 2);
      var record = message.take();
      all.add(
          new String(record.key(), UTF_8)
              + new String(record.value(), UTF_8)
              + record.headers()
              + records
              + size);
    }
    return all;
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

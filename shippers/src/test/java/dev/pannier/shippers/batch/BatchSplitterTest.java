package dev.pannier.shippers.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Histogram;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BatchSplitterTest {
  @Property
  void selectedRecordsKeepTheirResourceScopeAndOrder(
      @ForAll @Size(min = 1, max = 5) List<@Size(max = 4) List<@IntRange(max = 300) Integer>> shape,
      @ForAll long chosen) {
    ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
    ExportLogsServiceRequest.Builder expected = ExportLogsServiceRequest.newBuilder();
    BitSet records = BitSet.valueOf(new long[] {chosen});
    int record = 0;
    for (int r = 0; r < shape.size(); r++) {
      ResourceLogs.Builder resource = ResourceLogs.newBuilder().setResource(resource(r));
      resource.setSchemaUrl("schema " + r);
      ResourceLogs.Builder kept = resource.clone();
      for (int size : shape.get(r)) {
        ScopeLogs.Builder scope = ScopeLogs.newBuilder().setScope(scope("scope " + size));
        ScopeLogs.Builder keptScope = scope.clone();
        for (int i = 0; i <= size % 3; i++) {
          LogRecord log = log(record + "x".repeat(size));
          scope.addLogRecords(log);
          if (records.get(record)) {
            keptScope.addLogRecords(log);
          }
          record++;
        }
        resource.addScopeLogs(scope);
        if (keptScope.getLogRecordsCount() > 0) {
          kept.addScopeLogs(keptScope);
        }
      }
      request.addResourceLogs(resource);
      if (kept.getScopeLogsCount() > 0) {
        expected.addResourceLogs(kept);
      }
    }
    records.clear(record, 64);
    Batch batch = batch(Signal.LOGS, request.build(), record);
    if (records.isEmpty()) {
      assertThatIllegalArgumentException().isThrownBy(() -> BatchSplitter.select(batch, records));
    } else {
      Batch selected = BatchSplitter.select(batch, records);
      assertThat(logs(selected)).isEqualTo(expected.build());
      assertThat(selected.records()).isEqualTo(records.cardinality());
      assertThat(selected.key()).isEqualTo(batch.key());
    }
  }

  @Property
  void piecesHoldEveryRecordOnceInOrder(
      @ForAll @Size(min = 2, max = 60) List<@IntRange(max = 2_000) Integer> sizes,
      @ForAll @IntRange(min = 2, max = 9) int pieces) {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    List<LogRecord> all = new ArrayList<>();
    for (int i = 0; i < sizes.size(); i++) {
      all.add(log(i + "x".repeat(sizes.get(i))));
    }
    scope.addAllLogRecords(all);
    Batch batch = batch(Signal.LOGS, request(scope), all.size());
    List<Batch> split = BatchSplitter.split(batch, pieces);
    assertThat(split).hasSizeBetween(2, pieces);
    List<LogRecord> found = new ArrayList<>();
    for (Batch piece : split) {
      List<LogRecord> records = logs(piece).getResourceLogs(0).getScopeLogs(0).getLogRecordsList();
      assertThat(piece.records()).isEqualTo(records.size());
      found.addAll(records);
    }
    assertThat(found).isEqualTo(all);
  }

  @Test
  void piecesAreOfAboutTheSameSize() {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    for (int i = 0; i < 1_000; i++) {
      scope.addLogRecords(log("record " + i));
    }
    Batch batch = batch(Signal.LOGS, request(scope), 1_000);
    assertThat(BatchSplitter.split(batch, 4))
        .hasSize(4)
        .allMatch(piece -> Math.abs(piece.length() - batch.length() / 4) < 100);
  }

  @Test
  void oneRecordCannotBeSplit() {
    Batch batch = batch(Signal.LOGS, request(ScopeLogs.newBuilder().addLogRecords(log("x"))), 1);
    assertThatIllegalArgumentException().isThrownBy(() -> BatchSplitter.split(batch, 2));
  }

  @Test
  void spansAreSelected() throws InvalidProtocolBufferException {
    ScopeSpans.Builder scope = ScopeSpans.newBuilder().setScope(scope("tracer"));
    for (int i = 0; i < 3; i++) {
      scope.addSpans(Span.newBuilder().setName("span " + i));
    }
    ExportTraceServiceRequest request =
        ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(ResourceSpans.newBuilder().addScopeSpans(scope))
            .build();
    Batch selected = BatchSplitter.select(batch(Signal.TRACES, request, 3), bits(0, 2));
    ScopeSpans found =
        ExportTraceServiceRequest.parseFrom(bytes(selected)).getResourceSpans(0).getScopeSpans(0);
    assertThat(found.getScope().getName()).isEqualTo("tracer");
    assertThat(found.getSpansList()).extracting(Span::getName).containsExactly("span 0", "span 2");
  }

  @Test
  void dataPointsAreSelectedAndKeepTheirMetric() throws InvalidProtocolBufferException {
    Metric gauge =
        Metric.newBuilder()
            .setName("gauge")
            .setUnit("By")
            .setGauge(Gauge.newBuilder().addDataPoints(point(1)).addDataPoints(point(2)))
            .build();
    Metric histogram =
        Metric.newBuilder()
            .setName("histogram")
            .setHistogram(
                Histogram.newBuilder()
                    .setAggregationTemporalityValue(2)
                    .addDataPoints(HistogramDataPoint.newBuilder().setCount(3)))
            .build();
    ExportMetricsServiceRequest request =
        ExportMetricsServiceRequest.newBuilder()
            .addResourceMetrics(
                ResourceMetrics.newBuilder()
                    .addScopeMetrics(
                        ScopeMetrics.newBuilder().addMetrics(gauge).addMetrics(histogram)))
            .build();
    Batch batch = batch(Signal.METRICS, request, 3);
    ScopeMetrics found = metrics(BatchSplitter.select(batch, bits(1, 2)));
    assertThat(found.getMetricsList())
        .containsExactly(
            gauge.toBuilder().setGauge(Gauge.newBuilder().addDataPoints(point(2))).build(),
            histogram);
    assertThat(metrics(BatchSplitter.select(batch, bits(0))).getMetricsList()).hasSize(1);
  }

  @Property
  void bytesThatAreNoRequestAreRefused(@ForAll @Size(max = 40) byte[] bytes) {
    Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 2, "otlp");
    try {
      BatchSplitter.select(batch, bits(0));
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageMatching("(?s)not a protobuf message.*|selects none.*");
    }
  }

  private static ScopeMetrics metrics(Batch batch) throws InvalidProtocolBufferException {
    return ExportMetricsServiceRequest.parseFrom(bytes(batch))
        .getResourceMetrics(0)
        .getScopeMetrics(0);
  }

  private static NumberDataPoint point(long value) {
    return NumberDataPoint.newBuilder().setAsInt(value).build();
  }

  private static BitSet bits(int... set) {
    BitSet bits = new BitSet();
    for (int i : set) {
      bits.set(i);
    }
    return bits;
  }

  private static Resource resource(int number) {
    return Resource.newBuilder()
        .addAttributes(
            KeyValue.newBuilder().setKey("n").setValue(AnyValue.newBuilder().setIntValue(number)))
        .build();
  }

  private static InstrumentationScope scope(String name) {
    return InstrumentationScope.newBuilder().setName(name).build();
  }

  private static LogRecord log(String body) {
    return LogRecord.newBuilder().setBody(AnyValue.newBuilder().setStringValue(body)).build();
  }

  private static ExportLogsServiceRequest request(ScopeLogs.Builder scope) {
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(ResourceLogs.newBuilder().setResource(resource(1)).addScopeLogs(scope))
        .build();
  }

  /// Not at the start of its array.
  private static Batch batch(Signal signal, Message request, int records) {
    byte[] encoded = request.toByteArray();
    byte[] bytes = new byte[encoded.length + 7];
    System.arraycopy(encoded, 0, bytes, 3, encoded.length);
    return new Batch(signal, bytes, 3, encoded.length, records, "app", "key", new byte[0]);
  }

  private static ByteBuffer bytes(Batch batch) {
    return ByteBuffer.wrap(batch.bytes(), batch.offset(), batch.length());
  }

  private static ExportLogsServiceRequest logs(Batch batch) {
    try {
      return ExportLogsServiceRequest.parseFrom(bytes(batch));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
  }
}

package dev.pannier.shippers.batch;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.metrics.v1.AggregationTemporality;
import io.opentelemetry.proto.metrics.v1.Exemplar;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogram;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Histogram;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.metrics.v1.Sum;
import io.opentelemetry.proto.metrics.v1.Summary;
import io.opentelemetry.proto.metrics.v1.SummaryDataPoint;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Requests made with the official classes, from a seed, that use every field there is.
public final class Requests {
  private static final String[] TEXTS = {
    "",
    "a",
    "checkout",
    "línea\tmás \"larga\" \\ \u0001 fin",
    "日本語 😀 text",
    "x".repeat(130),
    "/a b/c"
  };

  private final Random random;
  private int serial;

  private Requests(long seed) {
    this.random = new Random(seed);
  }

  public static Message random(Signal signal, long seed) {
    Requests requests = new Requests(seed);
    return switch (signal) {
      case LOGS -> requests.logs();
      case TRACES -> requests.traces();
      case METRICS -> requests.metrics();
    };
  }

  public static Batch batch(Signal signal, Message request) {
    // Not at the array's beginning, and with more behind it: an offset that is forgotten shows.
    byte[] bytes = request.toByteArray();
    byte[] padded = new byte[bytes.length + 20];
    System.arraycopy(bytes, 0, padded, 7, bytes.length);
    return Batch.received(signal, padded, 7, bytes.length, records(request).size(), "otlp");
  }

  public static Message parse(Signal signal, byte[] bytes, int offset, int length)
      throws InvalidProtocolBufferException {
    ByteString slice = ByteString.copyFrom(bytes, offset, length);
    return switch (signal) {
      case LOGS -> ExportLogsServiceRequest.parseFrom(slice);
      case TRACES -> ExportTraceServiceRequest.parseFrom(slice);
      case METRICS -> ExportMetricsServiceRequest.parseFrom(slice);
    };
  }

  public static Message parse(Batch batch) {
    try {
      return parse(batch.signal(), batch.bytes(), batch.offset(), batch.length());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  /// The records of a request, in order.
  public static List<Message> records(Message request) {
    List<Message> records = new ArrayList<>();
    switch (request) {
      case ExportLogsServiceRequest logs ->
          logs.getResourceLogsList().stream()
              .flatMap(resource -> resource.getScopeLogsList().stream())
              .forEach(scope -> records.addAll(scope.getLogRecordsList()));
      case ExportTraceServiceRequest traces ->
          traces.getResourceSpansList().stream()
              .flatMap(resource -> resource.getScopeSpansList().stream())
              .forEach(scope -> records.addAll(scope.getSpansList()));
      case ExportMetricsServiceRequest metrics ->
          metrics.getResourceMetricsList().stream()
              .flatMap(resource -> resource.getScopeMetricsList().stream())
              .flatMap(scope -> scope.getMetricsList().stream())
              .forEach(
                  metric -> {
                    records.addAll(metric.getGauge().getDataPointsList());
                    records.addAll(metric.getSum().getDataPointsList());
                    records.addAll(metric.getHistogram().getDataPointsList());
                    records.addAll(metric.getExponentialHistogram().getDataPointsList());
                    records.addAll(metric.getSummary().getDataPointsList());
                  });
      default -> throw new IllegalArgumentException(request.getClass().getName());
    }
    return records;
  }

  private ExportLogsServiceRequest logs() {
    ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      ResourceLogs.Builder resource = ResourceLogs.newBuilder().setSchemaUrl(text());
      if (random.nextInt(4) > 0) {
        resource.setResource(resource());
      }
      for (int j = random.nextInt(4); j > 0; j--) {
        ScopeLogs.Builder scope = ScopeLogs.newBuilder().setSchemaUrl(text());
        if (random.nextInt(4) > 0) {
          scope.setScope(scope());
        }
        for (int k = random.nextInt(5); k > 0; k--) {
          scope.addLogRecords(logRecord());
        }
        resource.addScopeLogs(scope);
      }
      request.addResourceLogs(resource);
    }
    return request.build();
  }

  private LogRecord logRecord() {
    LogRecord.Builder log =
        LogRecord.newBuilder()
            .setTimeUnixNano(++serial)
            .setObservedTimeUnixNano(time())
            .setSeverityNumberValue(random.nextInt(25))
            .setSeverityText(text())
            .setDroppedAttributesCount(random.nextInt(3))
            .setFlags(random.nextInt(256))
            .setEventName(text())
            .addAllAttributes(attributes());
    if (random.nextBoolean()) {
      log.setBody(value(3)).setTraceId(id(16)).setSpanId(id(8));
    }
    return log.build();
  }

  private ExportTraceServiceRequest traces() {
    ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      ResourceSpans.Builder resource = ResourceSpans.newBuilder().setResource(resource());
      for (int j = random.nextInt(4); j > 0; j--) {
        ScopeSpans.Builder scope = ScopeSpans.newBuilder().setScope(scope());
        for (int k = random.nextInt(5); k > 0; k--) {
          scope.addSpans(span());
        }
        resource.addScopeSpans(scope);
      }
      request.addResourceSpans(resource);
    }
    return request.build();
  }

  private Span span() {
    Span.Builder span =
        Span.newBuilder()
            .setTraceId(id(16))
            .setSpanId(id(8))
            .setTraceState(text())
            .setParentSpanId(random.nextBoolean() ? id(8) : ByteString.EMPTY)
            .setFlags(random.nextInt())
            .setName("span" + ++serial)
            .setKindValue(random.nextInt(6))
            .setStartTimeUnixNano(time())
            .setEndTimeUnixNano(time())
            .setDroppedAttributesCount(random.nextInt(3))
            .setDroppedEventsCount(random.nextInt(3))
            .setDroppedLinksCount(random.nextInt(3))
            .addAllAttributes(attributes());
    if (random.nextBoolean()) {
      span.setStatus(Status.newBuilder().setMessage(text()).setCodeValue(random.nextInt(3)));
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      span.addEvents(
          Span.Event.newBuilder()
              .setName(text())
              .setTimeUnixNano(time())
              .addAllAttributes(attributes())
              .setDroppedAttributesCount(random.nextInt(2)));
      span.addLinks(
          Span.Link.newBuilder()
              .setTraceId(id(16))
              .setSpanId(id(8))
              .setTraceState(text())
              .addAllAttributes(attributes())
              .setFlags(random.nextInt(256)));
    }
    return span.build();
  }

  private ExportMetricsServiceRequest metrics() {
    ExportMetricsServiceRequest.Builder request = ExportMetricsServiceRequest.newBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      ResourceMetrics.Builder resource = ResourceMetrics.newBuilder().setResource(resource());
      for (int j = random.nextInt(3); j > 0; j--) {
        ScopeMetrics.Builder scope = ScopeMetrics.newBuilder().setScope(scope());
        for (int k = random.nextInt(5); k > 0; k--) {
          scope.addMetrics(metric());
        }
        resource.addScopeMetrics(scope);
      }
      request.addResourceMetrics(resource);
    }
    return request.build();
  }

  private Metric metric() {
    Metric.Builder metric =
        Metric.newBuilder()
            .setName("metric" + ++serial)
            .setDescription(text())
            .setUnit("By")
            .addAllMetadata(attributes());
    AggregationTemporality temporality = AggregationTemporality.forNumber(random.nextInt(3));
    int points = random.nextInt(3);
    switch (random.nextInt(6)) {
      case 0 -> {
        Gauge.Builder gauge = Gauge.newBuilder();
        for (int i = 0; i < points; i++) {
          gauge.addDataPoints(numberPoint());
        }
        metric.setGauge(gauge);
      }
      case 1 -> {
        Sum.Builder sum =
            Sum.newBuilder()
                .setAggregationTemporality(temporality)
                .setIsMonotonic(random.nextBoolean());
        for (int i = 0; i < points; i++) {
          sum.addDataPoints(numberPoint());
        }
        metric.setSum(sum);
      }
      case 2 -> {
        Histogram.Builder histogram = Histogram.newBuilder().setAggregationTemporality(temporality);
        for (int i = 0; i < points; i++) {
          histogram.addDataPoints(histogramPoint());
        }
        metric.setHistogram(histogram);
      }
      case 3 -> {
        ExponentialHistogram.Builder histogram =
            ExponentialHistogram.newBuilder().setAggregationTemporality(temporality);
        for (int i = 0; i < points; i++) {
          histogram.addDataPoints(exponentialPoint());
        }
        metric.setExponentialHistogram(histogram);
      }
      case 4 -> {
        Summary.Builder summary = Summary.newBuilder();
        for (int i = 0; i < points; i++) {
          summary.addDataPoints(
              SummaryDataPoint.newBuilder()
                  .setTimeUnixNano(++serial)
                  .setStartTimeUnixNano(time())
                  .setCount(random.nextInt(100))
                  .setSum(number())
                  .addAllAttributes(attributes())
                  .addQuantileValues(
                      SummaryDataPoint.ValueAtQuantile.newBuilder()
                          .setQuantile(0.5)
                          .setValue(number())));
        }
        metric.setSummary(summary);
      }
      default -> {}
    }
    return metric.build();
  }

  private NumberDataPoint numberPoint() {
    NumberDataPoint.Builder point =
        NumberDataPoint.newBuilder()
            .setStartTimeUnixNano(time())
            .setTimeUnixNano(++serial)
            .setFlags(random.nextInt(2))
            .addAllAttributes(attributes());
    if (random.nextBoolean()) {
      point.setAsInt(random.nextLong()).addExemplars(exemplar());
    } else {
      point.setAsDouble(number());
    }
    return point.build();
  }

  private HistogramDataPoint histogramPoint() {
    HistogramDataPoint.Builder point =
        HistogramDataPoint.newBuilder()
            .setStartTimeUnixNano(time())
            .setTimeUnixNano(++serial)
            .setCount(random.nextInt(1000))
            .addAllAttributes(attributes())
            .addExemplars(exemplar());
    if (random.nextBoolean()) {
      point.setSum(number()).setMin(number()).setMax(0);
    }
    for (int i = random.nextInt(20); i > 0; i--) {
      point.addBucketCounts(random.nextInt(100)).addExplicitBounds(number());
    }
    return point.build();
  }

  private ExponentialHistogramDataPoint exponentialPoint() {
    ExponentialHistogramDataPoint.Builder point =
        ExponentialHistogramDataPoint.newBuilder()
            .setStartTimeUnixNano(time())
            .setTimeUnixNano(++serial)
            .setCount(random.nextInt(1000))
            .setSum(number())
            .setScale(random.nextInt(20) - 10)
            .setZeroCount(random.nextInt(3))
            .setZeroThreshold(number())
            .addAllAttributes(attributes())
            .addExemplars(exemplar());
    ExponentialHistogramDataPoint.Buckets.Builder buckets =
        ExponentialHistogramDataPoint.Buckets.newBuilder().setOffset(-random.nextInt(1000));
    for (int i = random.nextInt(10); i > 0; i--) {
      buckets.addBucketCounts(random.nextLong() >>> random.nextInt(64));
    }
    return point.setPositive(buckets).build();
  }

  private Exemplar exemplar() {
    Exemplar.Builder exemplar =
        Exemplar.newBuilder().setTimeUnixNano(time()).addAllFilteredAttributes(attributes());
    if (random.nextBoolean()) {
      exemplar.setAsDouble(number()).setTraceId(id(16)).setSpanId(id(8));
    } else {
      exemplar.setAsInt(random.nextLong());
    }
    return exemplar.build();
  }

  private Resource resource() {
    return Resource.newBuilder()
        .addAttributes(
            KeyValue.newBuilder()
                .setKey("service.name")
                .setValue(AnyValue.newBuilder().setStringValue("service" + random.nextInt(2))))
        .addAllAttributes(attributes())
        .setDroppedAttributesCount(random.nextInt(2))
        .build();
  }

  private InstrumentationScope scope() {
    return InstrumentationScope.newBuilder()
        .setName("logger" + random.nextInt(3))
        .setVersion(text())
        .addAllAttributes(attributes())
        .build();
  }

  private List<KeyValue> attributes() {
    List<KeyValue> attributes = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      attributes.add(KeyValue.newBuilder().setKey("key" + i).setValue(value(3)).build());
    }
    return attributes;
  }

  private AnyValue value(int depth) {
    AnyValue.Builder value = AnyValue.newBuilder();
    switch (random.nextInt(depth > 0 ? 8 : 6)) {
      case 0 -> value.setIntValue(random.nextLong() >> random.nextInt(64));
      case 1 -> value.setDoubleValue(number());
      case 2 -> value.setBoolValue(random.nextBoolean());
      case 3 -> value.setBytesValue(id(random.nextInt(5)));
      case 4 -> {}
      case 6 -> {
        ArrayValue.Builder array = ArrayValue.newBuilder();
        for (int i = random.nextInt(3); i > 0; i--) {
          array.addValues(value(depth - 1));
        }
        value.setArrayValue(array);
      }
      case 7 -> {
        KeyValueList.Builder map = KeyValueList.newBuilder();
        for (int i = random.nextInt(3); i > 0; i--) {
          map.addValues(KeyValue.newBuilder().setKey("inner" + i).setValue(value(depth - 1)));
        }
        value.setKvlistValue(map);
      }
      default -> value.setStringValue(text());
    }
    return value.build();
  }

  private double number() {
    return switch (random.nextInt(8)) {
      case 0 -> 0;
      case 1 -> Double.NaN;
      case 2 -> Double.POSITIVE_INFINITY;
      case 3 -> 1e300;
      default -> random.nextInt(1000) / 8.0;
    };
  }

  private String text() {
    return TEXTS[random.nextInt(TEXTS.length)];
  }

  private long time() {
    return random.nextInt(4) == 0 ? 0 : 1_700_000_000_000_000_000L + random.nextInt();
  }

  private ByteString id(int length) {
    byte[] id = new byte[length];
    random.nextBytes(id);
    if (length > 0) {
      id[0] |= 1;
    }
    return ByteString.copyFrom(id);
  }
}

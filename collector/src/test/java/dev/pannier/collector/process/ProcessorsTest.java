package dev.pannier.collector.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.pannier.collector.config.ProcessorSettings;
import dev.pannier.collector.config.ProcessorSettings.Add;
import dev.pannier.collector.config.ProcessorSettings.Drop;
import dev.pannier.collector.config.ProcessorSettings.Redact;
import dev.pannier.collector.config.ProcessorSettings.When;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.OutputFullException;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import io.opentelemetry.proto.resource.v1.Resource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProcessorsTest {
  private static final String CARD = "4111 1111 1111 1111";

  @Test
  void batchIsTheSameObjectWhereNothingChanges() {
    Batch batch = batch(List.of(record("a", 9, "hello")));
    assertThat(processors().apply(batch)).isSameAs(batch);
    assertThat(processors(redact(null)).apply(batch)).isSameAs(batch);
    assertThat(processors(new Drop(new When("b", 0))).apply(batch)).isSameAs(batch);
    assertThat(processors(new Add(Map.of("k", "v"), new When(null, 9))).apply(batch))
        .isSameAs(batch);
  }

  @Test
  void tracesAndMetricsPassUntouched() {
    Batch batch = Batch.received(Signal.TRACES, new byte[] {7}, 0, 1, 1, "otlp");
    assertThat(processors(new Drop(null)).apply(batch)).isSameAs(batch);
  }

  @Test
  void receivedResourcesAreCompletedOfTailedOnesNothingChanges() throws Exception {
    Processors completing = Processors.create(List.of(redact(null)), Map.of("k8s.pod.name", "p"));
    Batch tailed = batch(List.of(record("a", 9, CARD)));
    Batch applied = Objects.requireNonNull(completing.apply(received(tailed)));
    ResourceLogs logs =
        ExportLogsServiceRequest.parseFrom(
                ByteBuffer.wrap(applied.bytes(), applied.offset(), applied.length()))
            .getResourceLogs(0);
    assertThat(logs.getResource().getAttributesList())
        .extracting(KeyValue::getKey)
        .contains("k8s.pod.name");
    assertThat(logs.toString()).doesNotContain(CARD);
    assertThat(Processors.create(List.of(), Map.of("k8s.pod.name", "p")).apply(tailed))
        .isSameAs(tailed);
  }

  @Test
  void batchWithoutAnyRecordLeftIsNull() {
    Batch batch = batch(List.of(record("a", 9, "x"), record("b", 9, "y")));
    assertThat(processors(new Drop(null)).apply(batch)).isNull();
  }

  @Test
  void recordsOfUnknownSeverityAreBelowNothing() {
    Batch batch = batch(List.of(record("a", 0, "unknown"), record("a", 5, "debug")));
    assertThat(bodies(processors(new Drop(new When(null, 9))).apply(batch)))
        .containsExactly("unknown");
  }

  @Test
  void stringsAreRedactedWhereverTheyAre() {
    AnyValue nested =
        AnyValue.newBuilder()
            .setKvlistValue(
                KeyValueList.newBuilder()
                    .addValues(attribute("in", text("card " + CARD)))
                    .addValues(
                        attribute(
                            "list",
                            AnyValue.newBuilder()
                                .setArrayValue(
                                    ArrayValue.newBuilder()
                                        .addValues(text(CARD))
                                        .addValues(AnyValue.newBuilder().setIntValue(4)))
                                .build())))
            .build();
    LogRecord record =
        LogRecord.newBuilder()
            .setBody(text("paid with " + CARD))
            .addAttributes(attribute("plain", text(CARD)))
            .addAttributes(attribute("map", nested))
            .addAttributes(
                attribute(
                    "bytes",
                    AnyValue.newBuilder().setBytesValue(ByteString.copyFromUtf8(CARD)).build()))
            .addAttributes(attribute("number", AnyValue.newBuilder().setIntValue(4111).build()))
            .setTimeUnixNano(5)
            .build();
    Batch redacted = processors(redact(null)).apply(batch(List.of(new Logged("a", record))));
    LogRecord found = records(redacted).getFirst().record();
    assertThat(found.toString()).doesNotContain("4111 ").contains("number");
    assertThat(found.getBody().getStringValue()).isEqualTo("paid with [gone]");
    assertThat(found.getAttributes(0).getValue()).isEqualTo(text("[gone]"));
    KeyValueList map = found.getAttributes(1).getValue().getKvlistValue();
    assertThat(map.getValues(0).getValue()).isEqualTo(text("card [gone]"));
    assertThat(map.getValues(1).getValue().getArrayValue().getValues(0)).isEqualTo(text("[gone]"));
    assertThat(found.getAttributes(2).getValue().getBytesValue().toStringUtf8())
        .isEqualTo("[gone]");
    assertThat(found.getAttributes(3)).isEqualTo(record.getAttributes(3));
    assertThat(found.getTimeUnixNano()).isEqualTo(5);
  }

  @Test
  void attributesOfResourcesAndScopesAreRedactedWhereEveryRecordIs() throws Exception {
    ExportLogsServiceRequest request =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .setResource(
                        Resource.newBuilder()
                            .addAttributes(attribute("service.name", text("shop")))
                            .addAttributes(attribute("owner", text("jane@example.com")))
                            .setDroppedAttributesCount(3))
                    .addScopeLogs(
                        ScopeLogs.newBuilder()
                            .setScope(
                                InstrumentationScope.newBuilder()
                                    .setName("a")
                                    .setVersion("1")
                                    .addAttributes(attribute("card", text("of " + CARD))))
                            .addLogRecords(LogRecord.newBuilder().setBody(text("hello")))
                            .setSchemaUrl("http://x")))
            .build();
    byte[] bytes = request.toByteArray();
    Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "otlp");

    Batch redacted = Objects.requireNonNull(processors(redact(null)).apply(batch));
    assertThat(
            ExportLogsServiceRequest.parseFrom(
                    ByteBuffer.wrap(redacted.bytes(), redacted.offset(), redacted.length()))
                .toString())
        .isEqualTo(
            request.toString().replace("jane@example.com", "[gone]").replace(CARD, "[gone]"));
    assertThat(redacted.records()).isEqualTo(1);
    assertThat(processors(redact(new When("a", 0))).apply(batch)).isSameAs(batch);
  }

  @Test
  void aNumberIsRedactedByItsDigits() {
    AnyValue card = AnyValue.newBuilder().setIntValue(4111111111111111L).build();
    LogRecord record =
        LogRecord.newBuilder()
            .setBody(card)
            .addAttributes(attribute("card", card))
            .addAttributes(
                attribute(
                    "list",
                    AnyValue.newBuilder()
                        .setArrayValue(ArrayValue.newBuilder().addValues(card))
                        .build()))
            .addAttributes(
                attribute("least", AnyValue.newBuilder().setIntValue(Long.MIN_VALUE).build()))
            .addAttributes(attribute("nothing", AnyValue.newBuilder().setIntValue(0).build()))
            .addAttributes(
                attribute(
                    "negative", AnyValue.newBuilder().setIntValue(-4111111111111111L).build()))
            .build();
    LogRecord found =
        records(processors(redact(null)).apply(batch(List.of(new Logged("a", record)))))
            .getFirst()
            .record();

    assertThat(found.getBody()).isEqualTo(text("[gone]"));
    assertThat(found.getAttributes(0).getValue()).isEqualTo(text("[gone]"));
    assertThat(found.getAttributes(1).getValue().getArrayValue().getValues(0))
        .isEqualTo(text("[gone]"));
    assertThat(found.getAttributes(2)).isEqualTo(record.getAttributes(2));
    assertThat(found.getAttributes(3)).isEqualTo(record.getAttributes(3));
    assertThat(found.getAttributes(4).getValue()).isEqualTo(text("-[gone]"));
  }

  @Test
  void addedAttributeReplacesTheOneOfItsName() {
    LogRecord record =
        LogRecord.newBuilder()
            .addAttributes(attribute("team", AnyValue.newBuilder().setIntValue(3).build()))
            .addAttributes(attribute("other", text("stays")))
            .build();
    Batch batch = batch(List.of(new Logged("a", record)));
    assertThat(
            records(processors(new Add(Map.of("team", "payments"), null)).apply(batch))
                .getFirst()
                .record()
                .getAttributesList())
        .containsExactly(attribute("other", text("stays")), attribute("team", text("payments")));
  }

  @Test
  void laterProcessorsSeeWhatEarlierOnesMade() {
    Add add = new Add(Map.of("owner", "jane@example.com"), null);
    Batch batch = batch(List.of(record("a", 9, "x")));
    assertThat(owner(processors(add, redact(null)).apply(batch))).isEqualTo("[gone]");
    assertThat(owner(processors(redact(null), add).apply(batch))).isEqualTo("jane@example.com");
    Redact first = new Redact(List.of(), List.of("x"), "y", null);
    Redact second = new Redact(List.of(), List.of("y"), "z", null);
    assertThat(bodies(processors(first, second).apply(batch))).containsExactly("z");
  }

  /// Each search seems to take as long as one may.
  @Test
  void whatPatternsHaveNoTimeLeftForInABatchIsReplacedWhole() {
    AtomicLong nanos = new AtomicLong();
    Processors slow =
        Processors.create(
            List.of(new Redact(List.of(), List.of("secret"), "[gone]", null)),
            Map.of(),
            () -> nanos.getAndAdd(CustomPattern.LONGEST_NANOS));
    Batch batch = batch(Collections.nCopies(1_000, record("a", 9, "hello")));
    List<String> searched = Collections.nCopies(40, "hello");
    List<String> rest = Collections.nCopies(960, "[gone]");
    assertThat(bodies(slow.apply(batch)))
        .containsExactlyElementsOf(Stream.concat(searched.stream(), rest.stream()).toList());
    assertThat(nanos.get()).isEqualTo(2 * SearchTime.LONGEST_NANOS);

    Batch next = batch(List.of(record("a", 9, "hello")));
    assertThat(slow.apply(next)).isSameAs(next);
  }

  @Test
  void manySearchesOfLessThanAMillisecondSpendTheTimeToo() {
    long each = TimeUnit.MICROSECONDS.toNanos(900);
    int searched = (int) (SearchTime.LONGEST_NANOS / each) + 1;
    AtomicLong nanos = new AtomicLong();
    Processors slow =
        Processors.create(
            List.of(new Redact(List.of(), List.of("secret"), "[gone]", null)),
            Map.of(),
            () -> nanos.getAndAdd(each));
    List<String> bodies =
        bodies(slow.apply(batch(Collections.nCopies(searched + 9, record("a", 9, "hello")))));
    assertThat(bodies.subList(0, searched)).containsOnly("hello");
    assertThat(bodies.subList(searched, searched + 9)).containsOnly("[gone]");
  }

  @Test
  void quickSearchesDoNotSpendTheTime() {
    AtomicLong nanos = new AtomicLong();
    SearchTime time = new SearchTime(() -> nanos.getAndAdd(SearchTime.SHORTEST_NANOS));
    for (int i = 0; i < 100_000; i++) {
      time.searched(time.now());
    }
    assertThat(time.isSpent()).isFalse();
  }

  @Test
  void mistakesAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> processors(new Redact(List.of("iban"), List.of(), "", null)))
        .withMessageContaining("iban");
    Drop[] many = new Drop[65];
    Arrays.fill(many, new Drop(null));
    assertThatIllegalArgumentException().isThrownBy(() -> processors(many));
  }

  @Property(tries = 300)
  void everyRecordIsDroppedChangedOrLeftExactlyAsConfigured(@ForAll("logged") List<Logged> input) {
    When drop = new When("org.kafka.*", 13);
    When add = new When("com.?cme*", 0);
    Batch batch = batch(input);
    Batch output =
        processors(
                new Drop(drop),
                new Redact(List.of("credit_card"), List.of(), "[gone]", new When(null, 17)),
                new Add(Map.of("team", "payments"), add))
            .apply(batch);
    List<Logged> expected = new ArrayList<>();
    for (Logged logged : input) {
      int severity = logged.record().getSeverityNumberValue();
      boolean dropped = logged.logger().startsWith("org.kafka.") && severity > 0 && severity < 13;
      if (dropped) {
        continue;
      }
      LogRecord.Builder record = logged.record().toBuilder();
      if (severity > 0 && severity < 17) {
        String body = record.getBody().getStringValue();
        record.setBody(text(body.replace(CARD, "[gone]")));
      }
      if (logged.logger().matches("com\\..cme.*")) {
        record.addAttributes(attribute("team", text("payments")));
      }
      expected.add(new Logged(logged.logger(), record.build()));
    }
    assertThat(records(output)).isEqualTo(expected);
    assertThat(output == null ? 0 : output.records()).isEqualTo(expected.size());
  }

  @Property(tries = 300)
  void bytesThatAreNoRequestAreRefusedOrLeft(@ForAll byte[] bytes) {
    Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "otlp");
    try {
      processors(redact(null), new Drop(new When("x", 0))).apply(batch);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageStartingWith("not a protobuf message");
    }
  }

  /// As `12 00` two million times, which gzip packs into 4 KB.
  @Test
  void whatIsMadeOfARequestHasABound() {
    Processors adding = processors(new Add(Map.of("deployment.environment", "production"), null));
    assertThat(Objects.requireNonNull(adding.apply(emptyRecords(20_000))).records())
        .isEqualTo(20_000);
    assertThatExceptionOfType(OutputFullException.class)
        .isThrownBy(() -> adding.apply(emptyRecords(2_000_000)));
  }

  /// As an OpenTelemetry Collector sends them: 8,192 at once.
  @Test
  void aRequestOfManySmallRecordsMayGrowToWhatAClientMaySend() {
    Processors adding = processors(new Add(Map.of("k8s.pod.labels", "x".repeat(260)), null));
    assertThat(Objects.requireNonNull(adding.apply(emptyRecords(8_192))).length())
        .isGreaterThan(8_192 * 260);
  }

  /// As one record, which cannot be divided.
  @Test
  void whatAPatternMakesOfARequestHasABound() {
    Batch digits = received(batch(List.of(record("a", 9, "7".repeat(1_000_000)))));
    Redact redact = new Redact(List.of(), List.of("[0-9]"), "[redacted]", null);
    assertThatExceptionOfType(OutputFullException.class)
        .isThrownBy(() -> processors(redact).apply(digits));
    assertThatExceptionOfType(OutputFullException.class)
        .isThrownBy(() -> processors(redact(null), redact, redact(null)).apply(digits));
  }

  static Batch emptyRecords(int records) {
    ByteOutput out = new ByteOutput(2 * records + 16);
    long resource = out.open(1, 2 * records);
    long scope = out.open(2, 2 * records);
    for (int i = 0; i < records; i++) {
      out.field(2, new byte[0], 0, 0);
    }
    out.close(scope);
    out.close(resource);
    return Batch.received(Signal.LOGS, out.bytes(), 0, out.length(), records, "otlp");
  }

  private static Batch received(Batch batch) {
    return Batch.received(
        batch.signal(), batch.bytes(), batch.offset(), batch.length(), batch.records(), "otlp");
  }

  @Provide
  Arbitrary<List<Logged>> logged() {
    Arbitrary<String> loggers =
        Arbitraries.of(
            "", "org.kafka.Client", "org.kafka", "com.acme", "com.acme.Shop", "com.ucme");
    Arbitrary<Integer> severities = Arbitraries.integers().between(0, 24);
    Arbitrary<String> bodies =
        Arbitraries.of("", "hello", "card " + CARD, CARD + "," + CARD, "größe 漢", "4111 1111");
    return Combinators.combine(loggers, severities, bodies)
        .as(ProcessorsTest::record)
        .list()
        .ofMinSize(1)
        .ofMaxSize(12);
  }

  record Logged(String logger, LogRecord record) {}

  private static Logged record(String logger, int severity, String body) {
    return new Logged(
        logger,
        LogRecord.newBuilder()
            .setSeverityNumber(SeverityNumber.forNumber(severity))
            .setBody(text(body))
            .build());
  }

  private static Processors processors(ProcessorSettings... settings) {
    return Processors.create(List.of(settings), Map.of());
  }

  private static Redact redact(@Nullable When when) {
    return new Redact(
        List.of("credit_card", "email", "jwt", "bearer_token"), List.of(), "[gone]", when);
  }

  private static AnyValue text(String text) {
    return AnyValue.newBuilder().setStringValue(text).build();
  }

  private static KeyValue attribute(String key, AnyValue value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  /// A scope for each record, in two resources.
  static Batch batch(List<Logged> records) {
    ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
    for (int i = 0; i < records.size(); i++) {
      if (i % 2 == 0) {
        request.addResourceLogs(ResourceLogs.newBuilder().setResource(Resource.newBuilder()));
      }
      request
          .getResourceLogsBuilder(request.getResourceLogsCount() - 1)
          .addScopeLogs(
              ScopeLogs.newBuilder()
                  .setScope(InstrumentationScope.newBuilder().setName(records.get(i).logger()))
                  .addLogRecords(records.get(i).record()));
    }
    byte[] encoded = request.build().toByteArray();
    byte[] bytes = new byte[encoded.length + 5];
    System.arraycopy(encoded, 0, bytes, 2, encoded.length);
    return new Batch(
        Signal.LOGS, bytes, 2, encoded.length, records.size(), "app", "k", new byte[] {1});
  }

  static List<Logged> records(@Nullable Batch batch) {
    if (batch == null) {
      return List.of();
    }
    try {
      return ExportLogsServiceRequest.parseFrom(
              ByteBuffer.wrap(batch.bytes(), batch.offset(), batch.length()))
          .getResourceLogsList()
          .stream()
          .flatMap(resource -> resource.getScopeLogsList().stream())
          .flatMap(
              scope ->
                  scope.getLogRecordsList().stream()
                      .map(record -> new Logged(scope.getScope().getName(), record)))
          .toList();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static List<String> bodies(@Nullable Batch batch) {
    return records(batch).stream().map(r -> r.record().getBody().getStringValue()).toList();
  }

  private static String owner(@Nullable Batch batch) {
    return records(batch).getFirst().record().getAttributes(0).getValue().getStringValue();
  }
}

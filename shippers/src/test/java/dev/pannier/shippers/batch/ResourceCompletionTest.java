package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ResourceCompletionTest {
  private static final Map<String, String> POD =
      new LinkedHashMap<>(Map.of("k8s.pod.name", "shop-1", "k8s.node.name", "n".repeat(200)));

  private final ResourceCompletion completion = new ResourceCompletion(POD);

  @Test
  void aResourceGetsWhatItLacksAndKeepsWhatItSays() throws Exception {
    Batch batch =
        spans(ResourceSpans.newBuilder().setResource(resource("k8s.pod.name", "own")).build());
    assertThat(parsed(complete(batch)).getResourceSpans(0).getResource())
        .isEqualTo(
            resource("k8s.pod.name", "own").toBuilder()
                .addAttributes(attribute("k8s.node.name", "n".repeat(200)))
                .build());
  }

  @Test
  void whereThereIsNoResourceOneIsMade() throws Exception {
    ResourceSpans made =
        parsed(complete(spans(ResourceSpans.getDefaultInstance()))).getResourceSpans(0);
    assertThat(made.getResource().getAttributesList())
        .extracting(KeyValue::getKey)
        .containsExactlyInAnyOrderElementsOf(POD.keySet());
  }

  @Test
  void aRequestThatLacksNothingIsTheSameObject() {
    Batch batch =
        spans(
            ResourceSpans.newBuilder()
                .setResource(
                    Resource.newBuilder()
                        .addAttributes(attribute("k8s.node.name", "a"))
                        .addAttributes(attribute("k8s.pod.name", "")))
                .build());
    assertThat(completion.complete(batch)).isSameAs(batch);
    Batch empty = spans(ResourceSpans.getDefaultInstance());
    assertThat(new ResourceCompletion(Map.of()).complete(empty)).isSameAs(empty);
  }

  /// Protobuf joins pieces of a message; the attributes of each count.
  @Test
  void aResourceInPiecesIsOne() throws Exception {
    byte[] first =
        spans(ResourceSpans.newBuilder().setResource(resource("a", "b")).build()).bytes();
    ByteString pieces =
        ResourceSpans.newBuilder()
            .setResource(resource("a", "b"))
            .build()
            .toByteString()
            .concat(
                ResourceSpans.newBuilder()
                    .setResource(resource("k8s.pod.name", "own"))
                    .build()
                    .toByteString());
    byte[] request =
        ExportTraceServiceRequest.newBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        1, UnknownFieldSet.Field.newBuilder().addLengthDelimited(pieces).build())
                    .build())
            .build()
            .toByteArray();
    assertThat(request).hasSizeGreaterThan(first.length);
    Batch completed =
        complete(Batch.received(Signal.TRACES, request, 0, request.length, 0, "otlp"));
    Resource joined = parsed(completed).getResourceSpans(0).getResource();
    assertThat(joined.getAttributesList())
        .extracting(KeyValue::getKey)
        .containsExactlyInAnyOrder("a", "k8s.pod.name", "k8s.node.name");
    assertThat(joined.getAttributesList()).contains(attribute("k8s.pod.name", "own"));
    // Not all readers join them.
    assertThat(completed.length())
        .isEqualTo(parsed(completed).getSerializedSize())
        .isGreaterThan(request.length);
    ByteOutput json = new ByteOutput(64);
    new OtlpJsonWriter().write(completed, json);
    assertThat(new String(json.toBytes(), UTF_8))
        .contains("\"key\":\"a\"", "\"key\":\"k8s.pod.name\"", "\"key\":\"k8s.node.name\"");
  }

  @Test
  void recordsKeepTheirBytesWhateverTheseAre() throws Exception {
    Span odd =
        Span.newBuilder()
            .setName("odd")
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        99,
                        UnknownFieldSet.Field.newBuilder()
                            .addLengthDelimited(ByteString.copyFromUtf8("later"))
                            .build())
                    .build())
            .build();
    ResourceSpans group =
        ResourceSpans.newBuilder()
            .setResource(resource("a", "b"))
            .addScopeSpans(ScopeSpans.newBuilder().addSpans(odd).setSchemaUrl("scope"))
            .setSchemaUrl("group")
            .build();
    Batch completed = complete(spans(group, group));
    assertThat(completed.records()).isEqualTo(2);
    for (ResourceSpans one : parsed(completed).getResourceSpansList()) {
      assertThat(one.toBuilder().setResource(group.getResource()).build()).isEqualTo(group);
    }
  }

  @Test
  void metricsAndLogsAreCompletedToo() throws Exception {
    byte[] metrics =
        ExportMetricsServiceRequest.newBuilder()
            .addResourceMetrics(
                ResourceMetrics.newBuilder()
                    .addScopeMetrics(
                        ScopeMetrics.newBuilder().addMetrics(Metric.newBuilder().setName("m"))))
            .build()
            .toByteArray();
    Batch batch = Batch.received(Signal.METRICS, metrics, 0, metrics.length, 1, "otlp");
    Batch completed = complete(batch);
    assertThat(
            ExportMetricsServiceRequest.parseFrom(bytes(completed))
                .getResourceMetrics(0)
                .getResource()
                .getAttributesCount())
        .isEqualTo(2);
    byte[] logs =
        ExportLogsServiceRequest.newBuilder().addResourceLogsBuilder().build().toByteArray();
    assertThat(logs).isEmpty();
    Batch nothing = Batch.received(Signal.LOGS, logs, 0, 0, 0, "otlp");
    assertThat(completion.complete(nothing)).isSameAs(nothing);
  }

  @Test
  void aRequestOfNothingButGroupsDoesNotGrowWithoutBound() {
    byte[] groups = new byte[100_000];
    for (int i = 0; i < groups.length; i += 2) {
      groups[i] = 0x0A;
    }
    assertThat(
            completion.complete(Batch.received(Signal.TRACES, groups, 0, groups.length, 0, "otlp")))
        .isNull();
  }

  @Test
  void whatIsNoRequestIsRefused() {
    Batch broken = Batch.received(Signal.TRACES, new byte[] {0x0A, 5, 1}, 0, 3, 1, "otlp");
    assertThatIllegalArgumentException().isThrownBy(() -> completion.complete(broken));
  }

  /// Lengths of one byte to three, at any offset of the array.
  @Property(tries = 300)
  void isWhatTheOfficialClassesMakeOfIt(
      @ForAll @Size(max = 4) List<@IntRange(max = 20_000) Integer> sizes,
      @ForAll @IntRange(max = 9) int offset,
      @ForAll boolean hasResource)
      throws Exception {
    List<ResourceSpans> groups = new ArrayList<>();
    List<ResourceSpans> expected = new ArrayList<>();
    for (int size : sizes) {
      Resource own =
          hasResource ? resource("x", "y".repeat(size / 2)) : resource("k8s.pod.name", "");
      ResourceSpans group =
          ResourceSpans.newBuilder()
              .setResource(own)
              .addScopeSpans(
                  ScopeSpans.newBuilder().addSpans(Span.newBuilder().setName("z".repeat(size))))
              .build();
      groups.add(group);
      Resource.Builder resource = own.toBuilder();
      POD.forEach(
          (key, value) -> {
            if (own.getAttributesList().stream().noneMatch(one -> one.getKey().equals(key))) {
              resource.addAttributes(attribute(key, value));
            }
          });
      expected.add(group.toBuilder().setResource(resource).build());
    }
    byte[] request =
        ExportTraceServiceRequest.newBuilder().addAllResourceSpans(groups).build().toByteArray();
    byte[] shifted = new byte[offset + request.length + 3];
    System.arraycopy(request, 0, shifted, offset, request.length);
    Batch batch =
        Batch.received(Signal.TRACES, shifted, offset, request.length, sizes.size(), "otlp");
    assertThat(bytes(complete(batch)))
        .isEqualTo(
            ExportTraceServiceRequest.newBuilder()
                .addAllResourceSpans(expected)
                .build()
                .toByteArray());
  }

  private Batch complete(Batch batch) {
    return Objects.requireNonNull(completion.complete(batch));
  }

  private static ExportTraceServiceRequest parsed(Batch batch)
      throws InvalidProtocolBufferException {
    return ExportTraceServiceRequest.parseFrom(bytes(batch));
  }

  private static byte[] bytes(Batch batch) {
    return ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length()).toByteArray();
  }

  private static Batch spans(ResourceSpans... groups) {
    byte[] bytes =
        ExportTraceServiceRequest.newBuilder()
            .addAllResourceSpans(List.of(groups))
            .build()
            .toByteArray();
    return Batch.received(Signal.TRACES, bytes, 0, bytes.length, groups.length, "otlp");
  }

  private static Resource resource(String key, String value) {
    return Resource.newBuilder().addAttributes(attribute(key, value)).build();
  }

  private static KeyValue attribute(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }
}

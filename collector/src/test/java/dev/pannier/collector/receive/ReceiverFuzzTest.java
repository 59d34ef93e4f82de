package dev.pannier.collector.receive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.OtlpSource;
import dev.pannier.collector.config.OtlpSource.Acknowledge;
import dev.pannier.collector.http.HttpRequest;
import dev.pannier.collector.http.HttpResponder;
import dev.pannier.collector.http.HttpResponse;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// Whatever the bytes are: one answer, all memory given back, and what is passed on is protobuf.
class ReceiverFuzzTest {
  private static final ByteString ID = ByteString.copyFrom("0123456789abcdef", UTF_8);
  private static final byte[] REQUEST =
      ExportTraceServiceRequest.newBuilder()
          .addResourceSpans(
              ResourceSpans.newBuilder()
                  .addScopeSpans(
                      ScopeSpans.newBuilder()
                          .addSpans(
                              Span.newBuilder()
                                  .setTraceId(ID)
                                  .setSpanId(ID.substring(8))
                                  .setName("span")
                                  .setStartTimeUnixNano(1))))
          .build()
          .toByteArray();
  private static final byte[] JSON =
      "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"a\",\"kind\":1}]}]}]}"
          .getBytes(UTF_8);

  @Property(tries = 500)
  void everyRequestIsAnsweredOnce(
      @ForAll Form form, @ForAll boolean gzip, @ForAll("damage") int[] damage)
      throws InvalidProtocolBufferException {
    byte[] content = form == Form.JSON ? JSON : REQUEST;
    int prefix = form == Form.GRPC ? 5 : 0;
    byte[] body = new byte[prefix + content.length];
    System.arraycopy(content, 0, body, prefix, content.length);
    if (prefix > 0) {
      body[4] = (byte) content.length;
      body[0] = (byte) (gzip ? 1 : 0);
    }
    for (int i = 0; i + 1 < damage.length; i += 2) {
      body[damage[i] % body.length] = (byte) damage[i + 1];
    }
    MemoryBudget budget = new MemoryBudget(100_000);
    FakeBuffer buffer = new FakeBuffer(budget, true);
    List<HttpResponse> answers = new ArrayList<>();
    try (OtlpReceiver receiver =
        new OtlpReceiver(
            new OtlpSource(null, null, Acknowledge.DELIVERED, 10_000, 10_000),
            buffer,
            budget,
            signal -> false,
            new Metrics(),
            () -> 0)) {
      receive(receiver, budget, form, gzip, body, answers);
    }
    assertThat(answers).hasSize(1);
    assertThat(budget.heldBytes()).isZero();
    for (Batch batch : buffer.batches()) {
      ByteString bytes = ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length());
      assertThat(ExportTraceServiceRequest.parseFrom(bytes).getResourceSpansCount()).isPositive();
    }
  }

  private static void receive(
      OtlpReceiver receiver,
      MemoryBudget budget,
      Form form,
      boolean gzip,
      byte[] body,
      List<HttpResponse> answers) {
    String type =
        switch (form) {
          case GRPC -> "application/grpc";
          case PROTOBUF -> "application/x-protobuf";
          case JSON -> "application/json";
        };
    String path =
        form == Form.GRPC
            ? "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
            : "/v1/traces";
    String encoding = form == Form.GRPC ? "grpc-encoding" : "content-encoding";
    String packed = gzip ? "gzip" : "identity";
    HttpRequest request =
        Requests.of(budget, "POST", path, body, "content-type", type, encoding, packed);
    receiver.handle(
        request,
        new HttpResponder() {
          @Override
          public boolean respond(HttpResponse response) {
            return answers.add(response);
          }

          @Override
          public boolean isOpen() {
            return answers.isEmpty();
          }
        });
    budget.release(request.takeBody());
  }

  @Provide
  Arbitrary<int[]> damage() {
    return Arbitraries.integers().between(0, 255).array(int[].class).ofMaxSize(6);
  }
}

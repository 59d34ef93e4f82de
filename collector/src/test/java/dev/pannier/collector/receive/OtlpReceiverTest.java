package dev.pannier.collector.receive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.luben.zstd.Zstd;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import dev.pannier.collector.buffer.Acknowledgement.When;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.OtlpSource;
import dev.pannier.collector.config.OtlpSource.Acknowledge;
import dev.pannier.collector.config.ProcessorSettings;
import dev.pannier.collector.http.HttpRequest;
import dev.pannier.collector.http.HttpResponder;
import dev.pannier.collector.http.HttpResponse;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.collector.process.ProcessingBuffer;
import dev.pannier.collector.process.Processors;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The receiver without its server, by the messages that the official classes read and write.
class OtlpReceiverTest {
  private static final int MAX_REQUEST = 64 * 1024;
  private static final int MAX_RECORD = 62_000;
  private static final long SECOND = 1_000_000_000L;
  private static final String LOGS_METHOD =
      "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

  private static final class Client implements HttpResponder {
    private @Nullable HttpResponse answer;

    @Override
    public boolean respond(HttpResponse response) {
      if (answer != null) {
        return false;
      }
      answer = response;
      return true;
    }

    @Override
    public boolean isOpen() {
      return answer == null;
    }

    void hangUp() {
      answer = HttpResponse.empty(499);
    }

    HttpResponse answer() {
      return Objects.requireNonNull(answer, "not answered");
    }

    @Nullable String header(String name) {
      return answer().headers().first(name);
    }
  }

  private final MemoryBudget budget = new MemoryBudget(1024 * 1024);
  private final Metrics metrics = new Metrics();
  private final FakeBuffer buffer = new FakeBuffer(budget, false);
  private long nowNanos = 7;
  private OtlpReceiver receiver = receiver(Acknowledge.DELIVERED);

  private OtlpReceiver receiver(Acknowledge acknowledge) {
    return receiver(acknowledge, buffer);
  }

  private OtlpReceiver receiver(Acknowledge acknowledge, Buffer appended) {
    OtlpSource settings = new OtlpSource(null, null, acknowledge, MAX_REQUEST, MAX_RECORD);
    return new OtlpReceiver(settings, appended, budget, signal -> false, metrics, () -> nowNanos);
  }

  @AfterEach
  void allMemoryIsGivenBack() {
    buffer.confirm(0, "");
    receiver.close();
    assertThat(budget.heldBytes()).isZero();
  }

  private Client send(String method, String path, byte[] body, String... headers) {
    HttpRequest request = Requests.of(budget, method, path, body, headers);
    Client client = new Client();
    receiver.handle(request, client);
    budget.release(request.takeBody());
    return client;
  }

  private Client post(byte[] body, String... headers) {
    return send("POST", "/v1/logs", body, withType("application/x-protobuf", headers));
  }

  private Client call(byte[] message, boolean compressed, String... headers) {
    byte[] framed = new byte[5 + message.length];
    ByteBuffer.wrap(framed).put((byte) (compressed ? 1 : 0)).putInt(message.length).put(message);
    return send("POST", LOGS_METHOD, framed, withType("application/grpc", headers));
  }

  private static String[] withType(String type, String... headers) {
    String[] all = Arrays.copyOf(headers, headers.length + 2);
    all[headers.length] = "content-type";
    all[headers.length + 1] = type;
    return all;
  }

  private static byte[] logs(String... bodies) {
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

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  private static byte[] content(Batch batch) {
    return Arrays.copyOfRange(batch.bytes(), batch.offset(), batch.offset() + batch.length());
  }

  /// Checks a gRPC answer and returns its message.
  private static byte[] message(HttpResponse response) {
    assertThat(response.status()).isEqualTo(200);
    assertThat(response.trailers().first("grpc-status")).isEqualTo("0");
    ByteBuffer body = ByteBuffer.wrap(response.body());
    assertThat(body.get()).isZero();
    assertThat(body.getInt()).isEqualTo(body.remaining());
    return Arrays.copyOfRange(response.body(), 5, response.body().length);
  }

  @Test
  void aRequestIsAnsweredWhenItIsConfirmed() throws Exception {
    byte[] bytes = logs("one", "two");
    Client client = post(bytes);
    assertThat(client.isOpen()).isTrue();
    Batch batch = buffer.batches().get(0);
    assertThat(batch.signal()).isEqualTo(Signal.LOGS);
    assertThat(batch.records()).isEqualTo(2);
    assertThat(batch.source()).isEqualTo("otlp");
    assertThat(content(batch)).isEqualTo(bytes);
    buffer.confirm(0, "");
    assertThat(client.answer().status()).isEqualTo(200);
    assertThat(client.header("content-type")).isEqualTo("application/x-protobuf");
    assertThat(ExportLogsServiceResponse.parseFrom(client.answer().body()))
        .isEqualTo(ExportLogsServiceResponse.getDefaultInstance());
    assertThat(metrics.value(Counter.SOURCE_RECORDS, "otlp")).isEqualTo(2);
    assertThat(metrics.value(Counter.SOURCE_BYTES, "otlp")).isEqualTo(bytes.length);
  }

  @Test
  void aCallIsAnsweredWhenItIsConfirmed() throws Exception {
    Client client = call(logs("one"), false);
    assertThat(client.isOpen()).isTrue();
    buffer.confirm(0, "");
    assertThat(ExportLogsServiceResponse.parseFrom(message(client.answer())))
        .isEqualTo(ExportLogsServiceResponse.getDefaultInstance());
  }

  @Test
  void compressedRequestsAreUnpacked() {
    byte[] bytes = logs("x".repeat(1000));
    post(gzip(bytes), "content-encoding", "gzip");
    call(gzip(bytes), true, "grpc-encoding", "gzip");
    call(bytes, false, "grpc-encoding", "gzip");
    assertThat(buffer.batches())
        .hasSize(3)
        .allSatisfy(b -> assertThat(content(b)).isEqualTo(bytes));
  }

  @Test
  void jsonBecomesProtobufAndIsAnsweredInJson() throws Exception {
    byte[] json =
        """
        {"resourceLogs":[{"scopeLogs":[{"logRecords":[
          {"timeUnixNano":"1700000000000000001","severityNumber":9,"body":{"stringValue":"grün"},
           "traceId":"000102030405060708090A0B0C0D0E0F","unknown":[{}]}]}]}]}
        """
            .getBytes(UTF_8);
    Client client = send("POST", "/v1/logs", json, withType("application/json; charset=utf-8"));
    Batch batch = buffer.batches().get(0);
    LogRecord read =
        ExportLogsServiceRequest.parseFrom(content(batch))
            .getResourceLogs(0)
            .getScopeLogs(0)
            .getLogRecords(0);
    assertThat(read.getTimeUnixNano()).isEqualTo(1700000000000000001L);
    assertThat(read.getBody().getStringValue()).isEqualTo("grün");
    assertThat(read.getTraceId().byteAt(15)).isEqualTo((byte) 15);
    assertThat(metrics.value(Counter.SOURCE_BYTES, "otlp")).isEqualTo(json.length);
    buffer.confirm(1, "\"no\"");
    assertThat(client.header("content-type")).isEqualTo("application/json");
    assertThat(new String(client.answer().body(), UTF_8))
        .isEqualTo(
            "{\"partialSuccess\":{\"rejectedLogRecords\":\"1\",\"errorMessage\":\"\\\"no\\\"\"}}");
    byte[] packed = gzip(json);
    Client again =
        send("POST", "/v1/logs", packed, withType("application/json", "content-encoding", "gzip"));
    buffer.confirm(0, "");
    assertThat(new String(again.answer().body(), UTF_8)).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource({"'{\"resourceLogs\":7}'", "'{'", "[]", "''", "'\0\1'"})
  void jsonThatIsNoRequestIsRefusedInJson(String json) {
    Client client = send("POST", "/v1/logs", json.getBytes(UTF_8), withType("application/json"));
    assertThat(client.answer().status()).isEqualTo(400);
    assertThat(new String(client.answer().body(), UTF_8)).startsWith("{\"code\":3,\"message\":");
  }

  @Test
  void whatADestinationRejectsIsTold() throws Exception {
    Client http = post(logs("one", "two"));
    Client grpc = call(logs("one", "two"), false);
    buffer.confirm(1, "too old");
    for (byte[] answer : new byte[][] {http.answer().body(), message(grpc.answer())}) {
      ExportLogsServiceResponse response = ExportLogsServiceResponse.parseFrom(answer);
      assertThat(response.getPartialSuccess().getRejectedLogRecords()).isEqualTo(1);
      assertThat(response.getPartialSuccess().getErrorMessage()).isEqualTo("too old");
    }
  }

  @Test
  void aSpanWithAnInvalidIdIsTakenOutAndTheRestShipped() throws Exception {
    ByteString traceId = ByteString.copyFrom("0123456789abcdef", UTF_8);
    Span good = Span.newBuilder().setTraceId(traceId).setSpanId(traceId.substring(8)).build();
    Span bad = good.toBuilder().setSpanId(ByteString.copyFrom(new byte[8])).build();
    ScopeSpans scope = ScopeSpans.newBuilder().addSpans(bad).addSpans(good).build();
    ExportTraceServiceRequest request =
        ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(ResourceSpans.newBuilder().addScopeSpans(scope))
            .build();
    Client client =
        send("POST", "/v1/traces", request.toByteArray(), withType("application/x-protobuf"));
    Batch batch = buffer.batches().get(0);
    assertThat(batch.records()).isEqualTo(1);
    assertThat(ExportTraceServiceRequest.parseFrom(content(batch)))
        .extracting(left -> left.getResourceSpans(0).getScopeSpans(0).getSpansList())
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .containsExactly(good);
    buffer.confirm(0, "");
    ExportTraceServiceResponse response =
        ExportTraceServiceResponse.parseFrom(client.answer().body());
    assertThat(response.getPartialSuccess().getRejectedSpans()).isEqualTo(1);
    assertThat(response.getPartialSuccess().getErrorMessage())
        .isEqualTo("refused records: 1 with an invalid trace or span id");
    assertThat(metrics.value(Counter.SOURCE_RECORDS, "otlp")).isEqualTo(2);
    assertThat(metrics.value(Counter.SOURCE_REFUSED_RECORDS, "otlp")).isEqualTo(1);
  }

  @Test
  void recordsAboveMaxRecordOrWithoutUtf8AreTakenOutAndTheRestShipped() throws Exception {
    byte[] request = logs("x".repeat(MAX_RECORD), "one", "broken", "two");
    int at = new String(request, ISO_8859_1).indexOf("broken");
    request[at] = (byte) 0xff;
    Client client = post(request);
    Batch batch = buffer.batches().get(0);
    buffer.confirm(0, "");
    assertThat(batch.records()).isEqualTo(2);
    ExportLogsPartialSuccess partial =
        ExportLogsServiceResponse.parseFrom(client.answer().body()).getPartialSuccess();
    assertThat(partial.getRejectedLogRecords()).isEqualTo(2);
    assertThat(partial.getErrorMessage())
        .isEqualTo(
            "refused records: 1 with text that is no UTF-8, 1 above max_record: 62000 bytes");
  }

  @Test
  void zstdIsUnpacked() {
    byte[] plain = logs("one", "x".repeat(10_000));
    byte[] packed = Zstd.compress(plain);
    post(packed, "content-encoding", "zstd");
    call(packed, true, "grpc-encoding", "zstd");
    assertThat(buffer.batches())
        .hasSize(2)
        .allSatisfy(batch -> assertThat(content(batch)).isEqualTo(plain));
    assertThat(metrics.value(Counter.SOURCE_BYTES, "otlp")).isEqualTo(2L * plain.length);

    Client large = post(Zstd.compress(new byte[MAX_REQUEST + 1]), "content-encoding", "zstd");
    assertThat(large.answer().status()).isEqualTo(413);
    Client broken = post(plain, "content-encoding", "zstd");
    assertThat(broken.answer().status()).isEqualTo(400);
    Client unknown = post(plain, "content-encoding", "br");
    assertThat(unknown.answer().status()).isEqualTo(415);
    assertThat(unknown.header("accept-encoding")).isEqualTo("gzip, zstd, identity");
  }

  @Test
  void jsonThatIsCutShortIsToldWithItsPlace() {
    Client client =
        send(
            "POST",
            "/v1/logs",
            "{\"resourceLogs\":[".getBytes(UTF_8),
            withType("application/json"));
    assertThat(new String(client.answer().body(), UTF_8))
        .isEqualTo(
            "{\"code\":3,\"message\":\"no OTLP request: the JSON ends before it is complete near"
                + " byte 17\"}");
  }

  @Test
  void withoutRecordsTheAnswerIsImmediate() {
    assertThat(post(new byte[0]).answer().status()).isEqualTo(200);
    assertThat(post(logs()).answer().status()).isEqualTo(200);
    assertThat(message(call(new byte[0], false).answer())).isEmpty();
    assertThat(buffer.batches()).isEmpty();
  }

  @Test
  void whereAcceptedIsEnoughTheAnswerIsImmediate() {
    receiver.close();
    receiver = receiver(Acknowledge.ACCEPTED);
    assertThat(post(logs("one")).answer().status()).isEqualTo(200);
    assertThat(buffer.batches()).hasSize(1);
  }

  @Test
  void whatTheAnswerWaitsForIsWhatTheBufferIsAskedFor() {
    post(logs("one"));
    receiver.close();
    receiver = receiver(Acknowledge.DURABLE);
    Client client = post(logs("two"));
    assertThat(buffer.asked()).containsExactly(When.DELIVERED, When.DURABLE);
    assertThat(client.isOpen()).isTrue();
    buffer.confirm(0, "");
    assertThat(client.answer().status()).isEqualTo(200);
  }

  @Test
  void requestsAreRefusedWhileTheDiskBufferIsFull() {
    buffer.full(true);
    Client client = post(logs("one"));
    assertThat(client.answer().status()).isEqualTo(503);
    assertThat(client.header("retry-after")).isNotEmpty();
    assertThat(buffer.batches()).isEmpty();
    assertThat(metrics.adder(Counter.SOURCE_REFUSED_REQUESTS, "otlp", "buffer").sum()).isOne();
    buffer.full(false);
    post(logs("one"));
    assertThat(buffer.batches()).hasSize(1);
  }

  @Test
  void afterFiveSecondsTheClientIsToldToComeBackAndTheBatchStaysUnderWay() throws Exception {
    Client http = post(logs("one"));
    Client grpc = call(logs("two"), false);
    nowNanos += 5 * SECOND - 1;
    receiver.tick(nowNanos);
    assertThat(http.isOpen()).isTrue();
    nowNanos++;
    receiver.tick(nowNanos);
    assertThat(http.answer().status()).isEqualTo(503);
    assertThat(http.header("retry-after")).isEqualTo("5");
    assertThat(grpc.header("grpc-status")).isEqualTo("14");
    assertThat(grpc.header("grpc-message")).isEqualTo("taken, but not confirmed yet");
    byte[] details = Base64.getDecoder().decode(grpc.header("grpc-status-details-bin"));
    assertThat(status(details)).containsExactly("14", "taken, but not confirmed yet", "5");
    assertThat(status(http.answer().body())).isEqualTo(status(details));
    assertThat(metrics.value(Counter.SOURCE_REFUSED_REQUESTS, "otlp")).isEqualTo(2);
    assertThat(budget.heldBytes()).isPositive();
  }

  /// A batch may wait for hours, and what it waits with is not counted.
  @Test
  void aBatchUnderWayHoldsNothingOfAClientThatWaitsNoMore() {
    WeakReference<Client> gone = new WeakReference<>(post(logs("one")));
    WeakReference<Client> told = new WeakReference<>(post(logs("two")));
    Objects.requireNonNull(gone.get()).hangUp();
    receiver.tick(nowNanos);
    assertIsFree(gone);
    nowNanos += 5 * SECOND;
    receiver.tick(nowNanos);
    assertIsFree(told);
    assertThat(buffer.batches()).hasSize(2);
  }

  private static void assertIsFree(WeakReference<?> gone) {
    await()
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(gone.get()).isNull();
            });
  }

  /// Code, message and retry seconds of a `google.rpc.Status`, by protobuf's own reader.
  private static List<String> status(byte[] bytes) throws Exception {
    UnknownFieldSet status = UnknownFieldSet.parseFrom(bytes);
    Any any = Any.parseFrom(status.getField(3).getLengthDelimitedList().get(0));
    assertThat(any.getTypeUrl()).isEqualTo("type.googleapis.com/google.rpc.RetryInfo");
    UnknownFieldSet retryInfo = UnknownFieldSet.parseFrom(any.getValue());
    long seconds =
        Duration.parseFrom(retryInfo.getField(1).getLengthDelimitedList().get(0)).getSeconds();
    return List.of(
        status.getField(1).getVarintList().get(0).toString(),
        status.getField(2).getLengthDelimitedList().get(0).toStringUtf8(),
        Long.toString(seconds));
  }

  @Test
  void smallRequestsWithoutEndAreRefusedWhenMemoryIsFull() {
    Client last = post(logs("x"));
    for (int i = 0; i < 2000 && last.isOpen(); i++) {
      last = post(logs("x"));
    }
    assertThat(last.answer().status()).isEqualTo(503);
    assertThat(buffer.batches()).hasSizeBetween(500, 1024);
    assertThat(metrics.value(Counter.SOURCE_RECORDS, "otlp")).isEqualTo(buffer.batches().size());
  }

  @Test
  void aClientsOwnDeadlineIsKept() {
    Client client = call(logs("one"), false, "grpc-timeout", "1500m");
    nowNanos += 3 * SECOND / 2;
    receiver.tick(nowNanos);
    assertThat(client.header("grpc-status")).isEqualTo("4");
  }

  @Test
  void whatNeedsMoreMemoryThanThereEverIsIsNotToBeSentAgain() {
    byte[] json =
        "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\"%s\"}}]}]}]}"
            .formatted("x".repeat(40_000))
            .getBytes(UTF_8);
    // Others hold what is missing: it comes again.
    long others = budget.limitBytes() - 50_000;
    assertThat(budget.tryReserve(others)).isTrue();
    Client busy = send("POST", "/v1/logs", json, "content-type", "application/json");
    assertThat(busy.answer().status()).isEqualTo(503);
    assertThat(busy.header("retry-after")).isNotNull();
    budget.release(others);

    budget.limit(50_000);
    Client never = send("POST", "/v1/logs", json, "content-type", "application/json");
    assertThat(never.answer().status()).isEqualTo(413);
    assertThat(never.header("retry-after")).isNull();
    assertThat(new String(never.answer().body(), UTF_8)).contains("more memory than there is");
  }

  @Test
  void theRetryHintFollowsTheDrainRate() {
    assertThat(budget.tryReserve(400_000)).isTrue();
    post(logs("x".repeat(60_000)));
    nowNanos += SECOND;
    buffer.confirm(0, ""); // 60 kB a second, 400 kB held
    receiver.stopAccepting();
    Client client = new Client();
    HttpRequest request = Requests.of("POST", "/v1/logs", "content-type", "application/json");
    receiver.refuse(request, 503, "full", client);
    budget.release(400_000);
    assertThat(client.header("retry-after")).isEqualTo("7");
    assertThat(new String(client.answer().body(), UTF_8))
        .isEqualTo(
            "{\"code\":14,\"message\":\"full\",\"details\":[{\"@type\":"
                + "\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"7s\"}]}");
  }

  @Test
  void oneConnectionTooManyIsNoWantOfMemory() {
    Client client = new Client();
    HttpRequest request = Requests.of("POST", "/v1/logs", "content-type", "application/x-protobuf");
    nowNanos = 9;
    receiver.refuseConnection(request, client);
    assertThat(receiver.lastRequestNanos()).isEqualTo(9);
    assertThat(client.answer().status()).isEqualTo(503);
    assertThat(client.header("retry-after")).isNotNull();
    assertThat(metrics.adder(Counter.SOURCE_REFUSED_REQUESTS, "otlp", "connections").sum())
        .isEqualTo(1);
    assertThat(metrics.adder(Counter.SOURCE_REFUSED_REQUESTS, "otlp", "memory").sum()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/v1/logs,application/x-protobuf,405",
    "POST,/v1/logs,text/plain,415",
    "POST,/v1/logs,,415",
    "POST,/v1/log,application/x-protobuf,404",
    "POST,/,application/json; charset=utf-8,404",
    "POST,/opentelemetry.proto.collector.logs.v1.LogsService/Export,application/json,415",
  })
  void whatIsNoRequestOfOtlpOverHttp(
      String method, String path, @Nullable String type, int status) {
    String[] headers = type == null ? new String[0] : withType(type);
    Client client = send(method, path, logs("one"), headers);
    assertThat(client.answer().status()).isEqualTo(status);
    assertThat(client.header("allow")).isEqualTo(status == 405 ? "POST" : null);
    assertThat(buffer.batches()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/logs",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Import",
    "/grpc.health.v1.Health/Check"
  })
  void unknownMethodsAreUnimplemented(String path) {
    Client client = send("POST", path, new byte[5], withType("application/grpc"));
    assertThat(client.answer().status()).isEqualTo(200);
    assertThat(client.header("grpc-status")).isEqualTo("12");
  }

  @ParameterizedTest
  @CsvSource({"application/grpc", "application/x-protobuf", "application/json", "text/plain"})
  void aLongPathIsNotEchoedWhole(String type) {
    HttpResponse answer =
        send("POST", "/" + "%".repeat(7200), new byte[5], withType(type)).answer();
    int length = answer.body().length;
    for (int i = 0; i < answer.headers().size(); i++) {
      length += answer.headers().value(i).length();
    }
    assertThat(length).isLessThan(1200);
    String told = new String(answer.body(), UTF_8) + answer.headers().first("grpc-message");
    assertThat(told).contains("nothing here: /%");
  }

  @Test
  void badBytesAreRefusedForGood() {
    byte[] bad = {1, 2, 3};
    assertThat(post(bad).answer().status()).isEqualTo(400);
    assertThat(post(bad, "content-encoding", "gzip").answer().status()).isEqualTo(400);
    assertThat(post(bad, "content-encoding", "br").answer().status()).isEqualTo(415);
    assertThat(call(bad, false).header("grpc-status")).isEqualTo("3");
    assertThat(call(bad, true).header("grpc-status")).isEqualTo("13");
    assertThat(call(bad, true, "grpc-encoding", "br").header("grpc-status")).isEqualTo("12");
    Client truncated = send("POST", LOGS_METHOD, new byte[] {0, 0}, withType("application/grpc"));
    assertThat(truncated.header("grpc-status")).isEqualTo("13");
  }

  @ParameterizedTest
  @EnumSource
  void aRequestThatProcessorsMakeTooLargeIsRefusedForGood(Acknowledge acknowledge) {
    ProcessorSettings add = new ProcessorSettings.Add(Map.of("filler", "x".repeat(1_000)), null);
    Processors processors = Processors.create(List.of(add), Map.of());
    receiver.close();
    receiver =
        receiver(acknowledge, new ProcessingBuffer(processors, buffer, true, budget, metrics));
    byte[] many = logs(Collections.nCopies(5_000, "").toArray(new String[0]));
    Client client = post(many);
    assertThat(client.answer().status()).isEqualTo(413);
    assertThat(client.header("retry-after")).isNull();
    assertThat(new String(client.answer().body(), UTF_8)).contains("send fewer at once");
    assertThat(buffer.batches()).isEmpty();
    assertThat(budget.heldBytes()).isZero();
    assertThat(metrics.value(Counter.SOURCE_RECORDS, "otlp")).isEqualTo(5_000);
    assertThat(metrics.value(Counter.SOURCE_REFUSED_RECORDS, "otlp")).isEqualTo(5_000);
    assertThat(call(many, false).header("grpc-status")).isEqualTo("8");
    receiver.tick(nowNanos + 10 * SECOND);

    post(logs("one", "two"));
    assertThat(buffer.batches()).extracting(Batch::records).containsExactly(2);
  }

  @Test
  void aRequestAboveTheLimitIsRefusedForGoodPackedOrNot() {
    byte[] large = logs("x".repeat(MAX_REQUEST));
    assertThat(post(large).answer().status()).isEqualTo(413);
    assertThat(post(gzip(large), "content-encoding", "gzip").answer().status()).isEqualTo(413);
    Client client = call(gzip(large), true, "grpc-encoding", "gzip");
    assertThat(client.header("grpc-status")).isEqualTo("8");
    assertThat(client.header("grpc-status-details-bin")).isNotNull();
    assertThat(client.header("retry-after")).isNull();
    assertThat(metrics.value(Counter.SOURCE_REFUSED_REQUESTS, "otlp")).isEqualTo(3);
  }

  @Test
  void whileItShutsDownClientsAreToldToComeBack() {
    assertThat(receiver.lastRequestNanos()).isEqualTo(7);
    nowNanos = 9;
    receiver.stopAccepting();
    assertThat(call(logs("one"), false).header("grpc-status")).isEqualTo("14");
    assertThat(receiver.lastRequestNanos()).isEqualTo(9);
  }

  /// Else it would be appended behind the last look at what is left to be shipped.
  @Test
  void aRequestThatWasLetInBeforeTheStopIsWaitedFor() {
    List<Boolean> stopped = new ArrayList<>();
    buffer.onAppend(
        () -> {
          receiver.stopAccepting();
          stopped.add(receiver.hasStoppedAccepting());
        });
    assertThat(receiver.hasStoppedAccepting()).isFalse();
    post(logs("one"));
    assertThat(stopped).containsExactly(false);
    assertThat(receiver.hasStoppedAccepting()).isTrue();
    assertThat(buffer.batches()).hasSize(1);
  }

  /// What is reserved is what is held: the request that is not answered yet, and what unpacks the next one,
  /// have no hand in it.
  @ParameterizedTest
  @ValueSource(strings = {"identity", "gzip", "zstd"})
  void aBodyIsHeldByNobodyWhoDoesNotAccountForIt(String encoding) {
    HttpRequest request = packed(encoding);
    WeakReference<byte[]> packed = new WeakReference<>(request.body());
    receiver.handle(request, new Client());
    WeakReference<byte[]> unpacked = new WeakReference<>(buffer.batches().getFirst().bytes());
    assertThat(unpacked.get()).isNotNull();
    buffer.confirm(0, "");
    buffer.forget();
    assertIsFree(packed);
    assertIsFree(unpacked);
    assertThat(request.body()).isEmpty();
  }

  private HttpRequest packed(String encoding) {
    byte[] bytes = logs("x".repeat(10_000));
    byte[] sent =
        switch (encoding) {
          case "gzip" -> gzip(bytes);
          case "zstd" -> Zstd.compress(bytes);
          default -> bytes;
        };
    String type = "application/x-protobuf";
    return Requests.of(
        budget, "POST", "/v1/logs", sent, "content-type", type, "content-encoding", encoding);
  }

  @Test
  void theOfficialClassesWouldWriteTheSameBytes() throws InvalidProtocolBufferException {
    Message partial =
        ExportLogsServiceResponse.newBuilder()
            .setPartialSuccess(
                ExportLogsPartialSuccess.newBuilder()
                    .setRejectedLogRecords(300)
                    .setErrorMessage("grün"))
            .build();
    HttpResponse ours = Answers.success(Form.PROTOBUF, Signal.LOGS, 300, "grün");
    assertThat(ours.body()).isEqualTo(partial.toByteArray());
  }
}

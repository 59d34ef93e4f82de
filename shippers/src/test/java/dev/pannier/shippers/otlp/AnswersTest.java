package dev.pannier.shippers.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Reasons;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Headers;
import okhttp3.MediaType;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.ForwardingSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnswersTest {
  private static final Reasons REASONS = Reasons.withoutValues(List.of());
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

  private final HttpAnswers http =
      new HttpAnswers("http://b:4318", REASONS, InstantSource.fixed(NOW));
  private final GrpcAnswers grpc = new GrpcAnswers("http://b:4317", REASONS, http);

  private static Response response(int code, Map<String, String> headers, byte[] body) {
    return new Response.Builder()
        .request(new Request.Builder().url("http://b:4318/v1/logs").build())
        .protocol(Protocol.HTTP_1_1)
        .code(code)
        .message("")
        .headers(Headers.of(headers))
        .body(ResponseBody.create(body, (MediaType) null))
        .build();
  }

  private Outcome grpc(int status, Map<String, String> more) throws IOException {
    Map<String, String> headers = new java.util.TreeMap<>(more);
    headers.put("content-type", "application/grpc");
    headers.put("grpc-status", String.valueOf(status));
    return grpc.read(response(200, headers, new byte[0])).outcome();
  }

  private Outcome http(int code, Map<String, String> headers, byte[] body) throws IOException {
    return http.read(response(code, headers, body)).outcome();
  }

  /// `google.rpc.Status` with a `RetryInfo` of 2.5 s, put together from its specification.
  private static String retryInfo() {
    com.google.protobuf.Any any =
        com.google.protobuf.Any.newBuilder()
            .setTypeUrl("type.googleapis.com/google.rpc.RetryInfo")
            .setValue(
                // RetryInfo.retry_delay is its field 1.
                com.google.protobuf.BytesValue.of(
                        com.google.protobuf.Duration.newBuilder()
                            .setSeconds(2)
                            .setNanos(500_000_000)
                            .build()
                            .toByteString())
                    .toByteString())
            .build();
    com.google.protobuf.UnknownFieldSet status =
        com.google.protobuf.UnknownFieldSet.newBuilder()
            .addField(
                1, com.google.protobuf.UnknownFieldSet.Field.newBuilder().addVarint(14).build())
            .addField(
                3,
                com.google.protobuf.UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(any.toByteString())
                    .build())
            .build();
    return Base64.getEncoder().withoutPadding().encodeToString(status.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 10, 11, 14, 15})
  void grpcStatusesThatTheSpecificationRetriesAreRetried(int status) throws IOException {
    assertThat(grpc(status, Map.of("grpc-message", "busy%21")))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> {
              assertThat(retry.retryAfterNanos()).isZero();
              assertThat(retry.reason()).startsWith("http://b:4317 answers").endsWith(": busy!");
            });
    assertThat(grpc(status, Map.of("grpc-status-details-bin", retryInfo())))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.retryAfterNanos()).isEqualTo(2_500_000_000L));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 6, 9, 12, 13, 99})
  void otherGrpcStatusesArePermanent(int status) throws IOException {
    assertThat(grpc(status, Map.of())).isInstanceOf(Outcome.Permanent.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"4294967295", "2147483648", "99999999999", "-1", "x", ""})
  void grpcStatusThatIsNoneIsUnknown(String status) throws IOException {
    Map<String, String> headers = Map.of("content-type", "application/grpc", "grpc-status", status);

    assertThat(grpc.read(response(200, headers, new byte[0])).outcome())
        .isEqualTo(new Outcome.Permanent("http://b:4317 answers UNKNOWN"));
  }

  @Test
  void resourceExhaustedDependsOnRetryInfoAndOnWhatItSaysOfSize() throws IOException {
    assertThat(grpc(8, Map.of("grpc-status-details-bin", retryInfo())))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.retryAfterNanos()).isEqualTo(2_500_000_000L));
    assertThat(grpc(8, Map.of("grpc-message", "received message larger than max (9 vs. 4)")))
        .isInstanceOf(Outcome.TooLarge.class);
    assertThat(grpc(8, Map.of("grpc-message", "gRPC message exceeds maximum size 4194304: 9")))
        .isInstanceOf(Outcome.TooLarge.class);
    assertThat(grpc(8, Map.of("grpc-message", "out of disk")))
        .isInstanceOf(Outcome.Permanent.class);
  }

  @ParameterizedTest
  @CsvSource({
    "11, 'Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes'",
    "8, 'Error decompressing: size limit, of 4 bytes, exceeded while decompressing message'",
    "8, 'Received message exceeds the maximum configured message size.'",
    "2, Payload Too Large",
  })
  void everyLibraryHasItsWordsForAMessageThatIsTooLarge(int status, String says)
      throws IOException {
    assertThat(grpc(status, Map.of("grpc-message", says))).isInstanceOf(Outcome.TooLarge.class);
  }

  /// Smaller pieces would not help.
  @Test
  void aLimitOfARateIsNoneOfASize() throws IOException {
    String says = "ingestion rate limit (local: 9 bytes) exceeded by a message of 10 bytes";
    assertThat(grpc(8, Map.of("grpc-message", says))).isInstanceOf(Outcome.Permanent.class);
    assertThat(grpc(2, Map.of("grpc-message", "message: Memory limit (total) exceeded")))
        .isNotInstanceOf(Outcome.TooLarge.class);
    assertThat(grpc(11, Map.of("grpc-message", "the trace exceeds its days")))
        .isInstanceOf(Outcome.Retryable.class);
  }

  @Test
  void aBodyThatTheCollectorFindsTooLargeIsDivided() throws IOException {
    byte[] json =
        ByteString.copyFromUtf8("{\"code\":3,\"message\":\"http: request body too large\"}")
            .toByteArray();
    assertThat(http(400, Map.of("content-type", "application/json"), json))
        .isInstanceOf(Outcome.TooLarge.class);
  }

  @Test
  void aProxysBoundOfABodyHoldsForGrpcToo() throws IOException {
    assertThat(grpc.read(response(413, Map.of("content-type", "text/html"), new byte[0])).outcome())
        .isInstanceOf(Outcome.TooLarge.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 16})
  void aRefusedLoginOverGrpcWaitsForAnother(int status) throws IOException {
    assertThat(grpc(status, Map.of())).isInstanceOf(Outcome.Retryable.class);
  }

  @Test
  void grpcMessageWithPartialSuccessIsPartlyAccepted() throws IOException {
    byte[] response = partial(3, "too old").toByteArray();
    byte[] body = new byte[5 + response.length];
    body[4] = (byte) response.length;
    System.arraycopy(response, 0, body, 5, response.length);
    Map<String, String> headers = Map.of("content-type", "application/grpc", "grpc-status", "0");

    assertThat(grpc.read(response(200, headers, body)).outcome())
        .isEqualTo(new Outcome.PartlyAccepted(3, "http://b:4317 refused 3 records: too old"));
  }

  @Test
  void grpcMessageMayBeInTheEncodingOfTheRequest() throws IOException {
    Map<String, String> gzip =
        Map.of("content-type", "application/grpc", "grpc-status", "0", "grpc-encoding", "gzip");
    byte[] empty = FakeBackend.gzipMessage(FakeBackend.EMPTY_SUCCESS);
    assertThat(grpc.read(response(200, gzip, empty)).outcome()).isEqualTo(Outcome.ACCEPTED);
    assertThat(grpc.read(response(200, gzip, new byte[5])).outcome())
        .as("what is empty is not compressed")
        .isEqualTo(Outcome.ACCEPTED);
    byte[] partial = FakeBackend.gzipMessage(partial(3, "too old").toByteArray());
    assertThat(grpc.read(response(200, gzip, partial)).outcome())
        .isEqualTo(new Outcome.PartlyAccepted(3, "http://b:4317 refused 3 records: too old"));
    Map<String, String> zstd =
        Map.of("content-type", "application/grpc", "grpc-status", "0", "grpc-encoding", "zstd");
    assertThat(grpc.read(response(200, zstd, partial)).outcome())
        .isInstanceOf(Outcome.Retryable.class);
  }

  @Test
  void grpcMessageThatDoesNotUnpackIsNone() throws IOException {
    Map<String, String> gzip =
        Map.of("content-type", "application/grpc", "grpc-status", "0", "grpc-encoding", "gzip");
    byte[] cutOff = FakeBackend.gzipMessage(FakeBackend.EMPTY_SUCCESS);
    cutOff[4] = (byte) (cutOff[4] - 4);
    byte[] noGzip = {1, 0, 0, 0, 2, 10, 0};
    for (byte[] body : List.of(cutOff, noGzip)) {
      assertThat(grpc.read(response(200, gzip, body)).outcome())
          .isInstanceOfSatisfying(
              Outcome.Retryable.class,
              retry ->
                  assertThat(retry.reason())
                      .contains("http://b:4317 answers OK without a message that unpacks ("));
    }
  }

  /// A backend that says why of each point: what it has taken must not come again.
  @Test
  void anAnswerThatIsTooLongToBeReadIsOneThatTookTheData() throws IOException {
    byte[] partial = partial(3, "x".repeat(1 << 20)).toByteArray();
    Outcome taken =
        new Outcome.PartlyAccepted(
            3, "http://b:4317 refused 3 records: its answer is too long to be read");
    Map<String, String> ok =
        Map.of("content-type", "application/grpc", "grpc-status", "0", "grpc-encoding", "gzip");
    byte[] packed = FakeBackend.gzipMessage(partial);
    assertThat(packed).hasSizeLessThan((int) Exchange.MAX_ANSWER_BYTES);
    assertThat(grpc.read(response(200, ok, packed)).outcome()).isEqualTo(taken);
    byte[] noise = new byte[100_000];
    new Random(1).nextBytes(noise);
    String random = HexFormat.of().formatHex(noise);
    byte[] long64 = FakeBackend.gzipMessage(partial(3, random).toByteArray());
    assertThat(long64).hasSizeGreaterThan((int) Exchange.MAX_ANSWER_BYTES);
    assertThat(grpc.read(response(200, ok, long64)).outcome()).isEqualTo(taken);
    byte[] plain =
        new Buffer().writeByte(0).writeInt(partial.length).write(partial).readByteArray();
    assertThat(grpc.read(response(200, ok, plain)).outcome()).isEqualTo(taken);

    Outcome http =
        new Outcome.PartlyAccepted(
            3, "http://b:4318 refused 3 records: its answer is too long to be read");
    assertThat(http(200, Map.of("content-type", "application/x-protobuf"), partial))
        .isEqualTo(http);
    String json = com.google.protobuf.util.JsonFormat.printer().print(partial(3, random));
    assertThat(
            http(
                200,
                Map.of("content-type", "application/json"),
                ByteString.copyFromUtf8(json).toByteArray()))
        .isEqualTo(http);
    byte[] page = ByteString.copyFromUtf8("<p>".repeat(50_000)).toByteArray();
    for (String type : List.of("text/html", "application/json", "application/x-protobuf")) {
      assertThat(http(200, Map.of("content-type", type), page))
          .isInstanceOf(Outcome.Retryable.class);
    }
  }

  /// Until then its memory is nowhere in the heap.
  @Test
  void whatUnpacksAMessageIsClosed() throws IOException {
    AtomicInteger closed = new AtomicInteger();
    for (String end : List.of("", "cut")) {
      byte[] message = FakeBackend.gzipMessage(FakeBackend.EMPTY_SUCCESS);
      int length = message.length - OtlpBody.GRPC_HEAD_BYTES - end.length();
      Buffer packed = new Buffer().write(message, OtlpBody.GRPC_HEAD_BYTES, length);
      ForwardingSource source =
          new ForwardingSource(packed) {
            @Override
            public void close() throws IOException {
              closed.incrementAndGet();
              super.close();
            }
          };
      if (end.isEmpty()) {
        assertThat(GrpcAnswers.unpacked(source)).isEqualTo(FakeBackend.EMPTY_SUCCESS);
      } else {
        assertThatThrownBy(() -> GrpcAnswers.unpacked(source)).isInstanceOf(IOException.class);
      }
    }
    assertThat(closed).hasValue(2);
  }

  @Test
  void whatIsNoGrpcIsToldApart() throws IOException {
    Answer answer = grpc.read(response(200, Map.of("content-type", "text/html"), new byte[0]));
    assertThat(answer.noService()).isTrue();
    assertThat(answer.outcome())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.reason()).contains("does not speak gRPC"));
  }

  @Test
  void grpcStatusOkCountsWithItsMessageAlone() throws IOException {
    Map<String, String> ok = Map.of("content-type", "application/grpc", "grpc-status", "0");
    byte[] empty = new byte[5];
    assertThat(grpc.read(response(200, ok, empty)).outcome()).isEqualTo(Outcome.ACCEPTED);
    byte[] compressed = {1, 0, 0, 0, 0};
    byte[] cutOff = {0, 0, 0, 0, 9, 10};
    for (byte[] body : List.of(new byte[0], compressed, cutOff)) {
      assertThat(grpc.read(response(200, ok, body)).outcome())
          .isInstanceOfSatisfying(
              Outcome.Retryable.class,
              retry -> assertThat(retry.reason()).contains("http://b:4317 answers OK without"));
    }
    assertThat(grpc.read(response(503, ok, empty)).outcome())
        .as("a proxy's status counts")
        .isInstanceOf(Outcome.Retryable.class);
  }

  @Test
  void aProxysAnswerWithoutGrpcStatusIsMapped() throws IOException {
    assertThat(grpc.read(response(503, Map.of(), new byte[0])).outcome())
        .isInstanceOf(Outcome.Retryable.class);
    assertThat(grpc.read(response(500, Map.of(), new byte[0])).outcome())
        .isInstanceOf(Outcome.Permanent.class);
  }

  private static ExportLogsServiceResponse partial(long rejected, String message) {
    return ExportLogsServiceResponse.newBuilder()
        .setPartialSuccess(
            ExportLogsPartialSuccess.newBuilder()
                .setRejectedLogRecords(rejected)
                .setErrorMessage(message))
        .build();
  }

  @Test
  void httpPartialSuccessIsReadInProtobufAndInJson() throws IOException {
    Outcome expected = new Outcome.PartlyAccepted(7, "http://b:4318 refused 7 records: bad ids");
    assertThat(
            http(
                200,
                Map.of("content-type", "application/x-protobuf"),
                partial(7, "bad ids").toByteArray()))
        .isEqualTo(expected);
    String json = com.google.protobuf.util.JsonFormat.printer().print(partial(7, "bad ids"));
    assertThat(
            http(
                200,
                Map.of("content-type", "application/json; charset=utf-8"),
                ByteString.copyFromUtf8(json).toByteArray()))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/protobuf", "Application/X-Protobuf; charset=utf-8"})
  void protobufHasSeveralNames(String type) throws IOException {
    assertThat(http(200, Map.of("content-type", type), partial(7, "bad ids").toByteArray()))
        .isInstanceOf(Outcome.PartlyAccepted.class);
  }

  @Test
  void aMessageWithNothingRejectedIsAWarning() throws IOException {
    assertThat(
            http(
                200,
                Map.of("content-type", "application/x-protobuf"),
                partial(0, "use a newer schema").toByteArray()))
        .isEqualTo(new Outcome.PartlyAccepted(0, "http://b:4318 warns: use a newer schema"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{\"partialSuccess\":{}}",
        "{\"partialSuccess\":{},\"errorMessage\":\"x\"}"
      })
  void anEmptySuccessIsASuccess(String body) throws IOException {
    byte[] bytes = ByteString.copyFromUtf8(body).toByteArray();
    assertThat(http(200, Map.of("content-type", "application/json"), bytes))
        .isEqualTo(Outcome.ACCEPTED);
    for (String type : List.of("application/x-protobuf", "text/plain")) {
      assertThat(http(200, Map.of("content-type", type), new byte[0])).isEqualTo(Outcome.ACCEPTED);
    }
    assertThat(http(204, Map.of(), new byte[0])).isEqualTo(Outcome.ACCEPTED);
  }

  @ParameterizedTest
  @CsvSource({
    "text/html; charset=utf-8,<html>Please log in</html>",
    "application/json,<html>Please log in</html>",
    "application/json,'[1,2'",
    "application/json,'{\"partialSuccess\":{'",
    "application/x-protobuf,<html>Please log in</html>",
    "application/x-protobuf,{}",
    "text/plain,Please log in",
    "'',Please log in",
  })
  void aSuccessWhoseBodyIsNoAnswerOfOtlpIsTriedAgain(String type, String body) throws IOException {
    assertThat(http(200, Map.of("content-type", type), ByteString.copyFromUtf8(body).toByteArray()))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> {
              assertThat(retry.reason()).contains("http://b:4318 answers 200 at /v1/logs", type);
              assertThat(retry.untouched()).isFalse();
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void aRedirectSaysNothingOfTheData(int code) throws IOException {
    Answer answer = http.read(response(code, Map.of("location", "http://l/login"), new byte[0]));
    assertThat(answer.noService()).isTrue();
    assertThat(answer.outcome())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.reason()).contains("moved to http://l/login"));
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 502, 503, 504})
  void httpStatusesThatTheSpecificationRetriesAreRetried(int code) throws IOException {
    assertThat(http(code, Map.of("retry-after", "17"), new byte[0]))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry ->
                assertThat(retry.retryAfterNanos()).isEqualTo(Duration.ofSeconds(17).toNanos()));
  }

  /// Another Pannier says 503 of a batch that it has, and does not know confirmed yet.
  @ParameterizedTest
  @CsvSource({"429, true", "502, false", "503, false", "504, false"})
  void onlyWhoTurnsAwayBeforeTakingAnythingHasSurelyTakenNothing(int code, boolean untouched)
      throws IOException {
    assertThat(http(code, Map.of(), new byte[0]))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.untouched()).isEqualTo(untouched));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 405, 411, 500, 501})
  void otherHttpStatusesArePermanent(int code) throws IOException {
    assertThat(http(code, Map.of(), new byte[0])).isInstanceOf(Outcome.Permanent.class);
  }

  @Test
  void aRefusedLoginOverHttpWaitsForAnotherAndLargeIsLarge() throws IOException {
    assertThat(http(401, Map.of(), new byte[0])).isInstanceOf(Outcome.Retryable.class);
    assertThat(http(403, Map.of(), new byte[0])).isInstanceOf(Outcome.Retryable.class);
    assertThat(http(413, Map.of(), new byte[0])).isInstanceOf(Outcome.TooLarge.class);
  }

  @Test
  void retryAfterIsSecondsOrADate() {
    assertThat(http.retryAfterNanos("Sun, 01 Mar 2026 10:00:30 GMT"))
        .isEqualTo(Duration.ofSeconds(30).toNanos());
    assertThat(http.retryAfterNanos("Sun, 01 Mar 2026 09:00:00 GMT")).isZero();
    assertThat(http.retryAfterNanos("999999999")).isEqualTo(Duration.ofHours(1).toNanos());
    assertThat(http.retryAfterNanos("soon")).isZero();
    assertThat(http.retryAfterNanos(null)).isZero();
  }

  @Test
  void anErrorsTextIsTakenFromItsBody() throws IOException {
    assertThat(
            http(
                    400,
                    Map.of("content-type", "application/json"),
                    ByteString.copyFromUtf8("{\"code\":3,\"message\":\"no\\nsuch\"}").toByteArray())
                .toString())
        .contains("http://b:4318 answers 400 at /v1/logs: no such");
  }

  @Test
  void anAnswerWithoutEndIsNotReadToIt() throws IOException {
    byte[] huge = new byte[1 << 20];
    assertThat(http(200, Map.of("content-type", "application/json"), huge))
        .isInstanceOf(Outcome.Retryable.class);
  }

  @Test
  void statusMessagesArePercentDecoded() {
    assertThat(GrpcAnswers.percentDecoded("100%25 %C3%BC %zz %")).isEqualTo("100% ü %zz %");
  }
}

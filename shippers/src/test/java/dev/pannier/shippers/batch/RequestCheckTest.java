package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.WireFormat;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RequestCheckTest {
  private static final int NO_LIMIT = Integer.MAX_VALUE;
  private static final ByteString TRACE_ID = ByteString.copyFromUtf8("0123456789abcdef");
  private static final ByteString SPAN_ID = ByteString.copyFromUtf8("01234567");

  @Property(tries = 300)
  void everyRecordIsCountedAndFound(@ForAll Signal signal, @ForAll long seed) {
    Message request = Requests.random(signal, seed);
    Batch batch = Requests.batch(signal, request);

    assertThat(check(batch, NO_LIMIT))
        .isEqualTo(new CheckedRequest.WellFormed(batch.records(), null, 0, 0, 0));

    RecordReader reader = new RecordReader().over(batch);
    for (Message record : Requests.records(request)) {
      assertThat(reader.next()).isTrue();
      assertThat(
              ByteString.copyFrom(
                  reader.bytes(), reader.recordStart(), reader.recordEnd() - reader.recordStart()))
          .isEqualTo(record.toByteString());
    }
    assertThat(reader.next()).isFalse();
    assertThat(reader.index()).isEqualTo(batch.records() - 1);
  }

  /// Tags and lengths of more bytes than they need keep the check off its short ways.
  @Property(tries = 300)
  void requestIsJudgedAlikeHoweverItsLengthsAreWritten(
      @ForAll Signal signal, @ForAll long seed, @ForAll boolean broken) throws IOException {
    Random random = new Random(seed);
    byte[] bytes = Requests.random(signal, seed).toByteArray();
    if (broken) {
      breakText(random, Schema.request(signal), bytes);
    }
    byte[] longer = withLongLengths(Schema.request(signal), bytes);

    CheckedRequest checked = RequestCheck.check(signal, bytes, 0, bytes.length, NO_LIMIT);

    if (checked instanceof CheckedRequest.WellFormed) {
      assertThat(RequestCheck.check(signal, longer, 0, longer.length, NO_LIMIT)).isEqualTo(checked);
    } else {
      assertThat(RequestCheck.check(signal, longer, 0, longer.length, NO_LIMIT))
          .isInstanceOf(CheckedRequest.Malformed.class);
    }
  }

  /// Sets the last byte of some texts, so that what is around them stays as it is.
  private static void breakText(Random random, MessageType type, byte[] bytes) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(bytes);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      MessageType.Field field = type.field(WireFormat.getTagFieldNumber(tag));
      if (field == null || field.kind().wireType != FieldReader.BYTES || field.isPackable()) {
        in.skipField(tag);
        continue;
      }
      byte[] content = in.readByteArray();
      if (field.kind() == MessageType.Kind.MESSAGE) {
        breakText(random, field.message(), content);
      } else if (content.length > 0 && random.nextInt(20) == 0) {
        content[content.length - 1] = (byte) 0xff;
      }
      System.arraycopy(content, 0, bytes, in.getTotalBytesRead() - content.length, content.length);
    }
  }

  private static byte[] withLongLengths(MessageType type, byte[] bytes) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(bytes);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      writeLong(out, tag);
      switch (WireFormat.getTagWireType(tag)) {
        case WireFormat.WIRETYPE_VARINT -> writeLong(out, in.readRawVarint64());
        case WireFormat.WIRETYPE_FIXED64 -> out.writeBytes(in.readRawBytes(Long.BYTES));
        case WireFormat.WIRETYPE_FIXED32 -> out.writeBytes(in.readRawBytes(Integer.BYTES));
        default -> {
          MessageType.Field field = type.field(WireFormat.getTagFieldNumber(tag));
          byte[] content = in.readByteArray();
          if (field != null && field.kind() == MessageType.Kind.MESSAGE) {
            content = withLongLengths(field.message(), content);
          }
          writeLong(out, content.length);
          out.writeBytes(content);
        }
      }
    }
    return out.toByteArray();
  }

  /// A varint, with a byte more than it needs unless it has all that there can be.
  private static void writeLong(ByteArrayOutputStream out, long value) {
    long rest = value;
    int bytes = 0;
    for (; rest != 0 || bytes == 0; rest >>>= 7) {
      bytes++;
      boolean more = rest >>> 7 != 0 || bytes < 9;
      out.write((int) (rest & 0x7f) | (more ? 0x80 : 0));
    }
    if (bytes < 9) {
      out.write(0);
    }
  }

  @Property(tries = 3000)
  void whatIsTakenIsReadByTheOfficialParser(@ForAll Signal signal, @ForAll long seed)
      throws InvalidProtocolBufferException {
    Random random = new Random(seed);
    byte[] bytes = Requests.random(signal, random.nextInt(50)).toByteArray();
    for (int i = bytes.length == 0 ? 0 : random.nextInt(3); i > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    int length = bytes.length - (bytes.length == 0 ? 0 : random.nextInt(bytes.length) / 5);

    CheckedRequest checked = RequestCheck.check(signal, bytes, 0, length, NO_LIMIT);

    if (checked instanceof CheckedRequest.WellFormed wellFormed) {
      Batch batch = Batch.received(signal, bytes, 0, length, wellFormed.records(), "otlp");
      BitSet refused = wellFormed.refused();
      Batch taken = refused == null ? batch : Splitter.without(batch, refused);
      if (taken != null) {
        Message parsed = Requests.parse(signal, taken.bytes(), taken.offset(), taken.length());
        if (signal != Signal.METRICS) {
          // A metric with two kinds of data keeps only the last kind when it is parsed.
          assertThat(Requests.records(parsed)).hasSize(taken.records());
        }
      }
    }
  }

  @Property(tries = 2000)
  void anyBytesAreJudgedWithoutAnException(
      @ForAll Signal signal, @ForAll @Size(max = 60) byte[] bytes) {
    RequestCheck.check(signal, bytes, 0, bytes.length, 10);
    RecordReader reader = new RecordReader().over(signal, bytes, 0, bytes.length);
    int records = 0;
    while (reader.next()) {
      records++;
    }
    assertThat(records).isLessThanOrEqualTo(bytes.length);
  }

  @Test
  void logRecordWithBrokenIdIsRefusedAndOneWithoutIdsIsNot() {
    Batch batch =
        logs(
            LogRecord.newBuilder(),
            LogRecord.newBuilder().setTraceId(SPAN_ID),
            LogRecord.newBuilder().setTraceId(TRACE_ID).setSpanId(SPAN_ID),
            LogRecord.newBuilder().setSpanId(TRACE_ID));

    assertThat(check(batch, NO_LIMIT))
        .isEqualTo(new CheckedRequest.WellFormed(4, bits(1, 3), 2, 0, 0));
  }

  @Test
  void spanWithoutIdsIsRefused() {
    ByteString zero = ByteString.copyFrom(new byte[16]);
    Batch batch =
        spans(
            Span.newBuilder().setTraceId(TRACE_ID).setSpanId(SPAN_ID),
            Span.newBuilder().setTraceId(TRACE_ID),
            Span.newBuilder().setTraceId(zero).setSpanId(SPAN_ID),
            Span.newBuilder()
                .setTraceId(TRACE_ID)
                .setSpanId(SPAN_ID)
                .addLinks(Span.Link.newBuilder().setTraceId(SPAN_ID)));

    assertThat(check(batch, NO_LIMIT))
        .isEqualTo(new CheckedRequest.WellFormed(4, bits(1, 2, 3), 3, 0, 0));
  }

  @Test
  void recordAboveTheLimitIsRefused() {
    Batch batch =
        logs(
            LogRecord.newBuilder().setEventName("x".repeat(98)),
            LogRecord.newBuilder().setEventName("x".repeat(99)));

    assertThat(check(batch, 100)).isEqualTo(new CheckedRequest.WellFormed(2, bits(1), 0, 0, 1));
  }

  @Test
  void recordWithTextThatIsNoUtf8IsRefused() {
    Batch batch =
        logs(
            LogRecord.newBuilder().setEventName("größer als 8 Bytes: 好"),
            LogRecord.newBuilder().setBody(AnyValue.newBuilder().setStringValue("broken")),
            LogRecord.newBuilder().setEventName("last"));
    replace(batch.bytes(), "broken", "br\u00f6ken");

    assertThat(check(batch, NO_LIMIT))
        .isEqualTo(new CheckedRequest.WellFormed(3, bits(1), 0, 1, 0));
  }

  @Test
  void resourceWithTextThatIsNoUtf8SpoilsTheRequest() {
    ExportLogsServiceRequest request =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .setSchemaUrl("broken")
                    .addScopeLogs(
                        ScopeLogs.newBuilder().addLogRecords(LogRecord.getDefaultInstance())))
            .build();
    Batch batch = Requests.batch(Signal.LOGS, request);
    replace(batch.bytes(), "broken", "br\u00f6ken");

    assertThat(check(batch, NO_LIMIT))
        .isInstanceOfSatisfying(
            CheckedRequest.Malformed.class,
            malformed ->
                assertThat(malformed.reason()).isEqualTo("schemaUrl of ResourceLogs is no UTF-8"));
  }

  /// As bytes of Latin-1.
  private static void replace(byte[] bytes, String text, String by) {
    int at = new String(bytes, ISO_8859_1).indexOf(text);
    System.arraycopy(by.getBytes(ISO_8859_1), 0, bytes, at, by.length());
  }

  @Test
  void malformedRequestIsNamedWithItsOffset() {
    byte[] bytes = {0x7F, 0x0A, 5, 0x12, 3, 0x12, 9, 0};

    assertThat(RequestCheck.check(Signal.LOGS, bytes, 1, 7, NO_LIMIT))
        .isEqualTo(new CheckedRequest.Malformed("a length beyond its ScopeLogs", 4));
  }

  /// Java's generated code drops the bits, Go's refuses the message.
  @Test
  void aFieldNumberOfMoreThan29BitsIsRefused() {
    byte[] most = {(byte) 0xF8, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x0F, 1};
    byte[] more = {(byte) 0xF8, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x1F, 1};

    assertThat(RequestCheck.check(Signal.LOGS, most, 0, most.length, NO_LIMIT))
        .isNotInstanceOf(CheckedRequest.Malformed.class);
    assertThat(RequestCheck.check(Signal.LOGS, more, 0, more.length, NO_LIMIT))
        .isEqualTo(new CheckedRequest.Malformed("a field number beyond 29 bits in request", 0));
  }

  @Test
  void nestingIsBounded() {
    AnyValue value = AnyValue.getDefaultInstance();
    for (int i = 0; i < 60; i++) {
      value = AnyValue.newBuilder().setArrayValue(ArrayValue.newBuilder().addValues(value)).build();
    }

    assertThat(check(logs(LogRecord.newBuilder().setBody(value)), NO_LIMIT))
        .isInstanceOfSatisfying(
            CheckedRequest.Malformed.class,
            malformed -> assertThat(malformed.reason()).contains("deeper than 100"));
  }

  @Test
  void unknownFieldsAreFine() throws Exception {
    byte[] bytes = new byte[64];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeString(900, "new");
    out.writeInt64(901, -1);
    out.writeFixed32(902, 1);
    out.flush();

    assertThat(RequestCheck.check(Signal.LOGS, bytes, 0, out.getTotalBytesWritten(), NO_LIMIT))
        .isEqualTo(new CheckedRequest.WellFormed(0, null, 0, 0, 0));
  }

  private static CheckedRequest check(Batch batch, int maxRecordBytes) {
    return RequestCheck.check(
        batch.signal(), batch.bytes(), batch.offset(), batch.length(), maxRecordBytes);
  }

  private static Batch logs(LogRecord.Builder... records) {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    for (LogRecord.Builder record : records) {
      scope.addLogRecords(record);
    }
    return Requests.batch(
        Signal.LOGS,
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(ResourceLogs.newBuilder().addScopeLogs(scope))
            .build());
  }

  private static Batch spans(Span.Builder... records) {
    ScopeSpans.Builder scope = ScopeSpans.newBuilder();
    for (Span.Builder record : records) {
      scope.addSpans(record);
    }
    return Requests.batch(
        Signal.TRACES,
        ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(ResourceSpans.newBuilder().addScopeSpans(scope))
            .build());
  }

  private static BitSet bits(int... set) {
    BitSet bits = new BitSet();
    for (int bit : set) {
      bits.set(bit);
    }
    return bits;
  }
}

package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LogsEditorTest {
  /// Replaces `secret` by `-`.
  private static final StringEdit HIDE =
      new StringEdit() {
        @Override
        public boolean changes(byte[] bytes, int start, int end) {
          return text(bytes, start, end).contains("secret");
        }

        @Override
        public void write(byte[] bytes, int start, int end, ByteOutput out) {
          out.write(text(bytes, start, end).replace("secret", "-").getBytes(UTF_8));
        }
      };

  @Test
  void recordsThatDoNotChangeKeepTheirBytesWhateverTheseAre() throws Exception {
    LogRecord odd =
        LogRecord.newBuilder()
            .setBody(AnyValue.newBuilder().setStringValue("odd"))
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        99,
                        UnknownFieldSet.Field.newBuilder()
                            .addLengthDelimited(ByteString.copyFromUtf8("secret"))
                            .build())
                    .build())
            .build();
    LogRecord plain = record("a secret");
    Batch batch = batch(odd, plain, odd);
    Batch edited = edit(batch, new RecordEdit(false, HIDE, List.of(), new byte[0]));
    assertThat(parse(edited)).isEqualTo(parse(batch(odd, record("a -"), odd)));
    assertThat(edited.records()).isEqualTo(3);
    assertThat(edited.positions()).isSameAs(batch.positions());
  }

  /// The edit changes everything once it was asked four times, as one whose time is spent.
  @Test
  void whatWasFoundNotToChangeIsNotAskedAboutAgain() throws Exception {
    AnyValue list =
        AnyValue.newBuilder()
            .setArrayValue(
                ArrayValue.newBuilder()
                    .addValues(AnyValue.newBuilder().setStringValue("two"))
                    .addValues(AnyValue.newBuilder().setIntValue(3))
                    .addValues(AnyValue.newBuilder().setStringValue("four"))
                    .addValues(AnyValue.newBuilder().setStringValue("five")))
            .build();
    AtomicInteger asked = new AtomicInteger();
    StringEdit tires =
        new StringEdit() {
          @Override
          public boolean changes(byte[] bytes, int start, int end) {
            return asked.incrementAndGet() > 4;
          }

          @Override
          public void write(byte[] bytes, int start, int end, ByteOutput out) {
            out.write('-');
          }
        };
    Batch batch = batch(record("one"), LogRecord.newBuilder().setBody(list).build(), record("six"));
    Batch edited = edit(batch, new RecordEdit(false, tires, List.of(), new byte[0]));
    assertThat(parse(edited).toString())
        .isEqualTo(
            parse(batch).toString().replace("\"five\"", "\"-\"").replace("\"six\"", "\"-\""));
  }

  @Test
  void lengthsThatAreStretchedAreReadAndKept() throws Exception {
    LogsWriter writer = new LogsWriter();
    writer.start(new byte[4_096], new byte[0]);
    for (String body : List.of("one", "the secret", "three")) {
      writer.beginRecord();
      byte[] text = body.getBytes(UTF_8);
      writer.logger(text, 0, 3);
      writer.body(text, 0, text.length);
      byte[] key = {'k'};
      writer.beginMap(key, 0, 1);
      writer.attribute(key, 0, 1, text, 0, text.length);
      writer.end();
      assertThat(writer.endRecord()).isTrue();
    }
    Batch batch = Objects.requireNonNull(writer.finish("app", "k", new byte[0]));
    Batch edited = edit(batch, new RecordEdit(false, HIDE, List.of(), new byte[0]));
    assertThat(parse(edited).toString())
        .isEqualTo(parse(batch).toString().replace("\"the secret\"", "\"the -\""));
    String before = text(batch.bytes(), batch.offset(), batch.offset() + batch.length());
    int third = before.lastIndexOf("\u0012", before.lastIndexOf("three") - 20);
    assertThat(text(edited.bytes(), 0, edited.length())).endsWith(before.substring(third));
  }

  @Test
  void chooserSeesSeverityAndLoggerWhereverTheScopeStands() {
    byte[] scope = {0x0A, 0x03, 0x0A, 0x01, 'L'};
    byte[] record = {0x12, 0x02, 0x10, 0x11};
    byte[] scopeLogs = concat(new byte[] {0x12, 0x09}, record, scope);
    byte[] bytes = concat(new byte[] {0x0A, 0x0B}, scopeLogs);
    StringBuilder seen = new StringBuilder();
    LogsEditor.edit(
        Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "otlp"),
        (severity, in, start, end) -> {
          seen.append(severity).append(text(in, start, end));
          return null;
        });
    assertThat(seen.toString()).isEqualTo("17L");
  }

  @Test
  void whatLosesItsLastRecordGoes() throws Exception {
    Batch batch = batch(record("a secret"), record("plain"));
    LogsEditor.Chooser chooser =
        (severity, bytes, start, end) -> text(bytes, start, end).isEmpty() ? RecordEdit.DROP : null;
    assertThat(LogsEditor.edit(batch, chooser)).isNull();
  }

  @Test
  void attributesAreAddedAndRemoved() throws Exception {
    byte[] add = AttributesEncoder.encode(Map.of("team", "ä".repeat(100)));
    Batch once = edit(batch(record("x")), new RecordEdit(false, null, List.of(), add));
    byte[] key = "team".getBytes(UTF_8);
    Batch twice = edit(once, new RecordEdit(false, null, List.of(key), add));
    assertThat(parse(twice)).isEqualTo(parse(once));
    assertThat(parse(once).getResourceLogs(0).getScopeLogs(0).getLogRecords(0).getAttributes(0))
        .extracting(a -> a.getValue().getStringValue())
        .isEqualTo("ä".repeat(100));
    assertThat(parse(edit(once, new RecordEdit(false, null, List.of(key), new byte[0]))))
        .isEqualTo(parse(batch(record("x"))));
  }

  @Test
  void valuesNestedWithoutEndAreCopied() throws Exception {
    AnyValue value = AnyValue.newBuilder().setStringValue("secret").build();
    for (int i = 0; i < 90; i++) {
      value = AnyValue.newBuilder().setArrayValue(ArrayValue.newBuilder().addValues(value)).build();
    }
    byte[] bytes = value.toByteArray();
    for (int i = 0; i < 400; i++) {
      ByteOutput out = new ByteOutput(bytes.length + 8);
      out.field(1, bytes, 0, bytes.length);
      bytes = out.toBytes();
      out = new ByteOutput(bytes.length + 8);
      out.field(5, bytes, 0, bytes.length);
      bytes = out.toBytes();
    }
    ByteOutput out = new ByteOutput(bytes.length + 64);
    long request = out.open(1, bytes.length);
    long scope = out.open(2, bytes.length);
    long record = out.open(2, bytes.length);
    out.field(5, bytes, 0, bytes.length);
    out.close(record);
    out.close(scope);
    out.close(request);
    Batch batch = Batch.received(Signal.LOGS, out.bytes(), 0, out.length(), 1, "otlp");
    assertThat(LogsEditor.edit(batch, always(new RecordEdit(false, HIDE, List.of(), new byte[0]))))
        .isSameAs(batch);
  }

  @Test
  void bytesThatEndTooEarlyAreRefused() {
    Batch batch = batch(record("a secret"));
    Batch cut = batch.with(batch.bytes(), batch.offset(), batch.length() - 1, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LogsEditor.edit(cut, always(RecordEdit.DROP)));
  }

  private static Batch edit(Batch batch, RecordEdit edit) {
    return Objects.requireNonNull(LogsEditor.edit(batch, always(edit)));
  }

  private static LogsEditor.Chooser always(@Nullable RecordEdit edit) {
    return (severity, bytes, start, end) -> edit;
  }

  private static LogRecord record(String body) {
    return LogRecord.newBuilder().setBody(AnyValue.newBuilder().setStringValue(body)).build();
  }

  private static Batch batch(LogRecord... records) {
    byte[] bytes =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .addScopeLogs(ScopeLogs.newBuilder().addAllLogRecords(List.of(records))))
            .build()
            .toByteArray();
    return new Batch(Signal.LOGS, bytes, 0, bytes.length, records.length, "app", "k", new byte[1]);
  }

  private static ExportLogsServiceRequest parse(Batch batch) throws InvalidProtocolBufferException {
    return ExportLogsServiceRequest.parseFrom(
        ByteBuffer.wrap(batch.bytes(), batch.offset(), batch.length()));
  }

  private static String text(byte[] bytes, int start, int end) {
    return new String(bytes, start, end - start, ISO_8859_1);
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}

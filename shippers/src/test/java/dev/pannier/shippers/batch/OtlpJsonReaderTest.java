package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OtlpJsonReaderTest {
  private static final int NO_LIMIT = 1 << 20;

  @Property(tries = 300)
  void whatTheWriterWritesIsReadBack(@ForAll Signal signal, @ForAll long seed) {
    Message request = Requests.random(signal, seed);
    ByteOutput out = new ByteOutput(64);
    new OtlpJsonWriter().write(Requests.batch(signal, request), out);

    assertThat(read(signal, out.toBytes())).isEqualTo(request);
  }

  @Property(tries = 300)
  void whatTheOfficialPrinterWritesIsRead(
      @ForAll Signal signal, @ForAll long seed, @ForAll boolean originalNames) throws Exception {
    Message request = Requests.random(signal, seed);
    JsonFormat.Printer printer = JsonFormat.printer();
    String json = (originalNames ? printer.preservingProtoFieldNames() : printer).print(request);

    assertThat(read(signal, IdsAsBase64.backToHex(json).getBytes(UTF_8))).isEqualTo(request);
  }

  @Property(tries = 3000)
  void anyBytesAreReadOrNamed(@ForAll Signal signal, @ForAll long seed) {
    Random random = new Random(seed);
    ByteOutput out = new ByteOutput(64);
    Message request = Requests.random(signal, random.nextInt(50));
    new OtlpJsonWriter().write(Requests.batch(signal, request), out);
    byte[] json = out.toBytes();
    String alphabet = "{}[]\",:0123456789-eE.\\untrfalse/ \u0001\u00ff";
    for (int i = random.nextInt(4); i > 0; i--) {
      json[random.nextInt(json.length)] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
    }
    int length = json.length - random.nextInt(json.length) / 4;

    switch (OtlpJsonReader.read(signal, json, 0, length, NO_LIMIT)) {
      case JsonRequest.Read read ->
          assertThat(RequestCheck.check(signal, read.bytes(), 0, read.length(), NO_LIMIT))
              .isInstanceOf(CheckedRequest.WellFormed.class);
      case JsonRequest.Malformed malformed -> {
        assertThat(malformed.reason()).isNotBlank();
        assertThat(malformed.offset()).isBetween(0L, (long) length);
      }
      case JsonRequest.TooLarge tooLarge -> throw new AssertionError(tooLarge);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"timeUnixNano\":\"18446744073709551615\" | timeUnixNano -1",
        "\"timeUnixNano\":1.5e3 | timeUnixNano 1500",
        "\"time_unix_nano\":7 | timeUnixNano 7",
        "\"severityNumber\":\"SEVERITY_NUMBER_WARN2\" | severity 14",
        "\"severityNumber\":9 | severity 9",
        "\"traceId\":\"AABBccdd00112233445566778899aAbB\" | trace aabbccdd00112233445566778899aabb",
        "\"unknown\":{\"a\":[1,{}]},\"timeUnixNano\":3 | timeUnixNano 3",
        "\"timeUnixNano\":null,\"body\":null,\"attributes\":null | timeUnixNano 0",
        "\"flags\":4294967295 | flags -1",
        "\"body\":{\"bytesValue\":\"_-8\"} | bytes ffef",
        "\"body\":{\"doubleValue\":\"-Infinity\"} | double -Infinity",
        "\"body\":{\"intValue\":\"-9223372036854775808\"} | int -9223372036854775808",
        "\"body\":{\"stringValue\":\"\\ud800x\"} | string \uFFFDx"
      })
  void leniencyOfTheMapping(String fields, String expected) {
    LogRecord log = log(fields);
    String[] what = expected.split(" ", 2);
    String actual =
        switch (what[0]) {
          case "timeUnixNano" -> Long.toString(log.getTimeUnixNano());
          case "severity" -> Integer.toString(log.getSeverityNumberValue());
          case "trace" -> HexFormat.of().formatHex(log.getTraceId().toByteArray());
          case "flags" -> Integer.toString(log.getFlags());
          case "bytes" -> HexFormat.of().formatHex(log.getBody().getBytesValue().toByteArray());
          case "double" -> Double.toString(log.getBody().getDoubleValue());
          case "int" -> Long.toString(log.getBody().getIntValue());
          default -> log.getBody().getStringValue();
        };
    assertThat(actual).isEqualTo(what[1]);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"timeUnixNano\":\"x\" | timeUnixNano is no number",
        "\"timeUnixNano\":\"+5\" | timeUnixNano is no number",
        "\"timeUnixNano\":\" 5\" | timeUnixNano is no number",
        "\"timeUnixNano\":\"\u0665\" | timeUnixNano is no number",
        "\"timeUnixNano\":\"\" | timeUnixNano is no number",
        "\"severityNumber\":\"0x9\" | severityNumber is no number",
        "\"body\":{\"doubleValue\":\"1d\"} | doubleValue is no number",
        "\"body\":{\"doubleValue\":\"0x1p3\"} | doubleValue is no number",
        "\"body\":{\"doubleValue\":1e400} | doubleValue is out of its range: 1e400",
        "\"timeUnixNano\":-1 | timeUnixNano is no integer of its size: -1",
        "\"timeUnixNano\":{} | timeUnixNano is no number",
        "\"timeUnixNano\":1e999 | timeUnixNano is no integer of its size: 1e999",
        "\"flags\":4294967296 | flags is out of its range: 4294967296",
        "\"traceId\":7 | traceId is no string",
        "\"body\":7 | body is no object",
        "\"attributes\":{} | attributes is no array",
        "\"body\":{\"bytesValue\":\"*\"} | bytesValue is no base64",
        "\"body\":{\"boolValue\":1} | boolValue is neither true nor false"
      })
  void mistakesAreNamed(String fields, String reason) {
    assertThat(OtlpJsonReader.read(Signal.LOGS, json(fields), 0, json(fields).length, NO_LIMIT))
        .isInstanceOfSatisfying(
            JsonRequest.Malformed.class,
            malformed -> {
              assertThat(malformed.reason()).isEqualTo(reason);
              assertThat(malformed.offset()).isGreaterThan(50);
            });
  }

  @Test
  void whatIsNoJsonIsToldInPlainWordsWithItsPlace() {
    byte[] json = json("\"traceId\":\"\"");
    for (int length = 0; length < json.length; length++) {
      assertThat(OtlpJsonReader.read(Signal.LOGS, json, 0, length, NO_LIMIT))
          .as("cut after %d bytes", length)
          .isIn(
              new JsonRequest.Malformed("the JSON ends before it is complete", length),
              new JsonRequest.Malformed("no JSON object", length));
    }
    byte[] wrong = "{\"resourceLogs\":[,]}".getBytes(UTF_8);
    assertThat(OtlpJsonReader.read(Signal.LOGS, wrong, 0, wrong.length, NO_LIMIT))
        .isInstanceOfSatisfying(
            JsonRequest.Malformed.class,
            malformed -> {
              assertThat(malformed.reason()).isEqualTo("the JSON is not well-formed");
              assertThat(malformed.offset()).isBetween(16L, 18L);
            });
    String deep = "{\"unknown\":" + "[".repeat(600);
    assertThat(OtlpJsonReader.read(Signal.LOGS, deep.getBytes(UTF_8), 0, deep.length(), NO_LIMIT))
        .isInstanceOfSatisfying(
            JsonRequest.Malformed.class,
            malformed -> assertThat(malformed.reason()).isEqualTo("the JSON is nested too deeply"));
  }

  /// As it is with an id of a wrong length in protobuf.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "abc",
        "xx000000000000000000000000000000",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "0001020304050607",
        "\u00fc0010203040506070809"
      })
  void anIdThatIsNoneSpoilsItsRecordAlone(String id) {
    byte[] json = json("\"traceId\":\"" + id + "\"},{\"timeUnixNano\":7");
    JsonRequest request = OtlpJsonReader.read(Signal.LOGS, json, 0, json.length, NO_LIMIT);
    if (!(request instanceof JsonRequest.Read read)) {
      throw new AssertionError(request);
    }
    assertThat(RequestCheck.check(Signal.LOGS, read.bytes(), 0, read.length(), NO_LIMIT))
        .isInstanceOfSatisfying(
            CheckedRequest.WellFormed.class,
            checked -> {
              assertThat(checked.records()).isEqualTo(2);
              assertThat(checked.invalidIds()).isEqualTo(1);
              assertThat(Objects.requireNonNull(checked.refused()).stream()).containsExactly(0);
            });
  }

  @Test
  void nestingIsBounded() {
    String json = "\"body\":" + "{\"arrayValue\":{\"values\":[".repeat(90) + "]}}".repeat(90);

    assertThat(OtlpJsonReader.read(Signal.LOGS, json(json), 0, json(json).length, NO_LIMIT))
        .isInstanceOfSatisfying(
            JsonRequest.Malformed.class,
            malformed -> assertThat(malformed.reason()).contains("deeper than 100"));
  }

  @Test
  void moreThanOneObjectIsNoRequest() {
    byte[] json = "{}{}".getBytes(UTF_8);

    assertThat(OtlpJsonReader.read(Signal.LOGS, json, 0, 4, NO_LIMIT))
        .isInstanceOfSatisfying(
            JsonRequest.Malformed.class,
            malformed -> assertThat(malformed.reason()).isEqualTo("more after the JSON object"));
    assertThat(OtlpJsonReader.read(Signal.LOGS, json, 2, 2, NO_LIMIT))
        .isInstanceOf(JsonRequest.Read.class);
  }

  @Test
  void whatWouldTakeTooMuchIsToldApart() {
    byte[] json = json("\"body\":{\"stringValue\":\"" + "x".repeat(200) + "\"}");

    assertThat(OtlpJsonReader.read(Signal.LOGS, json, 0, json.length, 100))
        .isEqualTo(new JsonRequest.TooLarge());
  }

  @Test
  void aRequestThatHasRoomToTheByteIsRead() {
    byte[] json =
        json(
            "\"body\":{\"arrayValue\":{\"values\":[{\"stringValue\":\""
                + "x".repeat(200)
                + "\"},{\"intValue\":1},{\"bytesValue\":\"AAECAwQFBgc=\"},{\"doubleValue\":0.5}]}}");
    int needed = read(Signal.LOGS, json).getSerializedSize();

    for (int room = 0; room < needed + 10; room++) {
      JsonRequest request =
          OtlpJsonReader.read(Signal.LOGS, json, 0, json.length, room + OtlpJsonReader.MARGIN);
      if (room < needed) {
        assertThat(request)
            .as("%d of %d bytes", room, needed)
            .isInstanceOf(JsonRequest.TooLarge.class);
      } else {
        assertThat(request)
            .as("%d of %d bytes", room, needed)
            .isInstanceOfSatisfying(
                JsonRequest.Read.class, read -> assertThat(read.length()).isEqualTo(needed));
      }
    }
  }

  @Test
  void escapesOfText() {
    Map<String, String> texts =
        Map.of(
            "\\u0041\\u00e9\\u20AC\\ud83d\\ude00", "A\u00e9\u20ac\ud83d\ude00",
            "\\\"\\\\\\/\\b\\f\\n\\r\\t.", "\"\\/\b\f\n\r\t.",
            "\\ud83d\\u0041\\ude00\\ud83d", "\uFFFDA\uFFFD\uFFFD",
            "\\ud83d\\ud83d\\ude00\\ud83d\\n", "\uFFFD\ud83d\ude00\uFFFD\n",
            "gr\u00fcn\ud83d\ude00\u007f", "gr\u00fcn\ud83d\ude00\u007f");
    texts.forEach(
        (escaped, text) -> {
          for (String name : List.of("stringValue", "string\\u005fv\\u0061lue")) {
            LogRecord log = log("\"body\":{\"" + name + "\":\"" + escaped + "\"}");
            assertThat(log.getBody().getStringValue()).as(escaped).isEqualTo(text);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"a\":1,",
        "\"a\":[1,]",
        ",\"a\":1",
        "\"a\" 1",
        "\"a\":",
        "a:1",
        "'a':1",
        "\"a\":01",
        "\"a\":-",
        "\"a\":1.",
        "\"a\":.5",
        "\"a\":1e",
        "\"a\":+1",
        "\"a\":1x",
        "\"a\":tru",
        "\"a\":nul",
        "\"a\":NaN",
        "\"a\":\"\\x\"",
        "\"a\":\"\\u00g0\"",
        "\"a\":\"\n\"",
        "\"a\":[1}",
        "\"a\":{]",
        "\"a\":1 2",
        "\"a\":\"\u00ff\"",
        "\"a\":\"\u00c0\u0080\"",
        "\"a\":\"\u00ed\u00a0\u0080\""
      })
  void whatIsNoJsonIsRefusedInKnownFieldsAndUnknown(String fields) {
    // The characters are the bytes.
    for (String name : new String[] {"a", "timeUnixNano", "body\":{\"stringValue"}) {
      byte[] json =
          new String(
                  json(
                      fields.replace("\"a\"", "\"" + name + "\"")
                          + (name.startsWith("body") ? "}" : "")),
                  UTF_8)
              .getBytes(ISO_8859_1);
      assertThat(OtlpJsonReader.read(Signal.LOGS, json, 0, json.length, NO_LIMIT))
          .as("%s", name)
          .isInstanceOf(JsonRequest.Malformed.class);
    }
  }

  @Test
  void blanksAndAByteOrderMarkArePassedOver() {
    byte[] json =
        "\uFEFF\r\n{ \"resourceLogs\"\t:\n[ { } ,\r{ \"scopeLogs\" : [ ] } ] } \n".getBytes(UTF_8);

    assertThat(Requests.records(read(Signal.LOGS, json))).isEmpty();
  }

  private static LogRecord log(String fields) {
    return (LogRecord) Requests.records(read(Signal.LOGS, json(fields))).getFirst();
  }

  private static byte[] json(String fields) {
    return ("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{" + fields + "}]}]}]}")
        .getBytes(UTF_8);
  }

  private static Message read(Signal signal, byte[] json) {
    JsonRequest request = OtlpJsonReader.read(signal, json, 0, json.length, NO_LIMIT);
    if (!(request instanceof JsonRequest.Read read)) {
      throw new AssertionError(request + " in " + new String(json, UTF_8));
    }
    try {
      return Requests.parse(signal, read.bytes(), 0, read.length());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }
}

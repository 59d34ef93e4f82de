package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The examples of RFC 7541, Appendix C, and what a decoder has to refuse.
class HpackTest {
  private static final String COOKIE = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";

  private final HpackDecoder decoder = new HpackDecoder(16 * 1024);

  private @Nullable List<String> decode(String hex) {
    byte[] block = HexFormat.of().parseHex(hex.replace(" ", ""));
    return decoder.decode(block, 0, block.length);
  }

  @ParameterizedTest
  @CsvSource({
    "400a6375746f6d2d6b65,", // truncated
    "400a637573746f6d2d6b65790d637573746f6d2d686561646572,custom-key|custom-header",
    "040c2f73616d706c652f70617468,:path|/sample/path",
    "100870617373776f726406736563726574,password|secret",
    "82,:method|GET"
  })
  void singleFields(String hex, String field) {
    List<String> fields = decode(hex);
    assertThat(fields == null ? null : String.join("|", fields)).isEqualTo(field);
  }

  @Test
  void requestsWithoutHuffmanShareATable() {
    String first = ":method,GET,:scheme,http,:path,/,:authority,www.example.com";
    assertThat(decode("828684410f7777772e6578616d706c652e636f6d"))
        .isEqualTo(List.of(first.split(",")));
    assertThat(decoder.table().bytes()).isEqualTo(57);
    assertThat(decode("828684be58086e6f2d6361636865"))
        .isEqualTo(List.of((first + ",cache-control,no-cache").split(",")));
    assertThat(decoder.table().bytes()).isEqualTo(110);
    assertThat(decode("828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"))
        .endsWith("custom-key", "custom-value");
    assertThat(decoder.table().bytes()).isEqualTo(164);
  }

  @Test
  void requestsWithHuffmanShareATable() {
    assertThat(decode("828684418cf1e3c2e5f23a6ba0ab90f4ff")).endsWith("www.example.com");
    assertThat(decode("828684be5886a8eb10649cbf")).endsWith("cache-control", "no-cache");
    assertThat(decode("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"))
        .endsWith("custom-key", "custom-value");
    assertThat(decoder.table().entries()).isEqualTo(3);
  }

  @Test
  void oldEntriesLeaveASmallTable() {
    String location = "location,https://www.example.com";
    // 3fe101 sets the table's size to 256.
    assertThat(
            decode(
                "3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff"
                    + "6e919d29ad171863c78f0b97c8e9ae82ae43d3"))
        .isEqualTo(
            List.of(
                ":status",
                "302",
                "cache-control",
                "private",
                "date",
                "Mon, 21 Oct 2013 20:13:21 GMT",
                "location",
                "https://www.example.com"));
    assertThat(decoder.table().bytes()).isEqualTo(222);
    assertThat(decode("4883640effc1c0bf"))
        .startsWith(":status", "307")
        .endsWith(location.split(","));
    assertThat(decoder.table().bytes()).isEqualTo(222);
    assertThat(
            decode(
                "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2"
                    + "e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"))
        .startsWith(":status", "200", "cache-control", "private")
        .endsWith("content-encoding", "gzip", "set-cookie", COOKIE);
    assertThat(decoder.table().bytes()).isEqualTo(215);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "80", // index 0
        "be", // behind the static table, whose dynamic neighbour is empty
        "ffffffffff0f", // an index beyond any
        "8220", // a table size behind a field
        "3fe21f", // a table size above 4096
        "00", // a name that is missing
        "000161", // a value that is missing
        "00017f", // a string beyond the block
        "0081ff0161", // padding of 8 bits
        "008100 0161", // padding that is not of ones
        "0084ffffffff 0161", // the code for the end
      })
  void brokenBlocks(String hex) {
    assertThat(decode(hex)).isNull();
  }

  @Test
  void anEntryLargerThanTheTableEmptiesIt() {
    decode("400161 0162");
    assertThat(decoder.table().entries()).isEqualTo(1);
    decode("3f0f 400161 0e6262626262626262626262626262");
    assertThat(decoder.table().entries()).isZero();
    assertThat(decode("be")).isNull();
  }

  @Test
  void fieldsBeyondTheLimitAreForgottenAndTheTableIsKept() {
    HpackDecoder small = new HpackDecoder(40);
    byte[] block = HexFormat.of().parseHex("4001610162400163026465");
    assertThat(small.decode(block, 0, block.length)).isEqualTo(List.of("a", "b"));
    assertThat(small.tooLarge()).isTrue();
    assertThat(small.table().entries()).isEqualTo(2);
  }

  @Test
  void whatIsEncodedIsDecoded() {
    Output out = new Output();
    HpackEncoder encoder = new HpackEncoder();
    encoder.status(out, 200);
    encoder.field(out, "content-type", "application/grpc");
    encoder.field(out, "grpc-message", "x".repeat(300));
    assertThat(decode(HexFormat.of().formatHex(Wire.drain(out))))
        .isEqualTo(
            List.of(
                ":status",
                "200",
                "content-type",
                "application/grpc",
                "grpc-message",
                "x".repeat(300)));
    encoder.status(out, 415);
    assertThat(decode(HexFormat.of().formatHex(Wire.drain(out))))
        .isEqualTo(List.of(":status", "415"));
  }

  @Property
  void anyBytesAreDecodedOrRefused(@ForAll @Size(max = 200) byte[] block) {
    List<String> fields = new HpackDecoder(1000).decode(block, 0, block.length);
    assertThat(fields == null || fields.size() % 2 == 0).isTrue();
  }

  @Property
  void anyBytesAsHuffmanFitTheirRoom(@ForAll @Size(max = 100) byte[] bytes) {
    byte[] decoded = new byte[bytes.length * 8 / 5 + 1];
    int length = Huffman.decode(bytes, 0, bytes.length, decoded);
    assertThat(length).isBetween(-1, bytes.length * 8 / 5);
    assertThat(new String(decoded, ISO_8859_1)).hasSize(decoded.length);
  }
}

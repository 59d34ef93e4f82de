package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class OtlpJsonWriterTest {
  private final OtlpJsonWriter writer = new OtlpJsonWriter();

  @Property(tries = 300)
  void theOfficialJsonParserReadsTheSameRequest(@ForAll Signal signal, @ForAll long seed)
      throws Exception {
    Message request = Requests.random(signal, seed);
    ByteOutput out = new ByteOutput(64);

    writer.write(Requests.batch(signal, request), out);

    String json = new String(out.bytes(), 0, out.length(), UTF_8);
    Message.Builder read = request.newBuilderForType();
    JsonFormat.parser().merge(IdsAsBase64.of(json), read);
    assertThat(read.build()).isEqualTo(request);
    assertThat(json).doesNotContain("\n");
  }

  @Property(tries = 1000)
  void anyBytesBecomeJson(@ForAll Signal signal, @ForAll @Size(max = 60) byte[] bytes)
      throws Exception {
    ByteOutput out = new ByteOutput(64);

    writer.write(Batch.received(signal, bytes, 0, bytes.length, 1, "otlp"), out);

    Message.Builder read = Requests.random(signal, 0).newBuilderForType();
    JsonFormat.parser()
        .merge(IdsAsBase64.of(new String(out.bytes(), 0, out.length(), UTF_8)), read);
  }
}

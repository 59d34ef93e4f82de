package dev.pannier.shippers.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Random;
import okhttp3.MediaType;
import okio.Buffer;
import okio.BufferedSink;
import okio.ForwardingSink;
import okio.Okio;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtlpBodyTest {
  /// A backend may answer before it has read all, and then it is sent again.
  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void whatWasWrittenInPartIsWrittenWholeTheNextTime(boolean gzip, boolean grpc) throws Exception {
    byte[] bytes = new byte[300_000];
    new Random(1).nextBytes(bytes);
    MediaType type = MediaType.get("application/x-protobuf");
    Buffer whole = new Buffer();
    new OtlpBody(type, bytes, 0, bytes.length, gzip, grpc).writeTo(whole);

    OtlpBody body = new OtlpBody(type, bytes, 0, bytes.length, gzip, grpc);
    assertThatThrownBy(() -> body.writeTo(broken(100_000))).isInstanceOf(IOException.class);
    Buffer again = new Buffer();
    assertThat(body.contentLength()).isEqualTo(whole.size());
    body.writeTo(again);

    assertThat(again.readByteArray()).isEqualTo(whole.readByteArray());
  }

  private static BufferedSink broken(long atBytes) {
    return Okio.buffer(
        new ForwardingSink(new Buffer()) {
          private long written;

          @Override
          public void write(Buffer source, long count) throws IOException {
            written += count;
            if (written > atBytes) {
              throw new IOException("the connection broke");
            }
            super.write(source, count);
          }
        });
  }
}

package dev.pannier.integration;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.Buffer;

/// Calls of `LogsService/Export` with bytes that no SDK would send, all on one connection.
final class GrpcExport implements AutoCloseable {
  private static final MediaType GRPC = MediaType.get("application/grpc");

  private final String url;
  private final OkHttpClient client =
      new OkHttpClient.Builder()
          .protocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE))
          .readTimeout(Duration.ofSeconds(30))
          .build();

  GrpcExport(int port) {
    url = "http://127.0.0.1:" + port + "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  }

  /// @param packed by gzip
  /// @return the call's `grpc-status`
  int logs(byte[] packed) throws IOException {
    Buffer body = new Buffer().writeByte(1).writeInt(packed.length).write(packed);
    Request request =
        new Request.Builder()
            .url(url)
            .header("te", "trailers")
            .header("grpc-encoding", "gzip")
            .post(RequestBody.create(body.readByteString(), GRPC))
            .build();
    try (Response response = client.newCall(request).execute()) {
      response.body().bytes();
      String status = response.header("grpc-status");
      return Integer.parseInt(
          status == null ? Objects.requireNonNull(response.trailers().get("grpc-status")) : status);
    }
  }

  @Override
  public void close() {
    client.dispatcher().executorService().shutdown();
    client.connectionPool().evictAll();
  }
}

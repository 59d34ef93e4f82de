package dev.pannier.shippers.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Reasons;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.OtlpJsonWriter;
import dev.pannier.shippers.batch.OutputFullException;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.internal.http2.ConnectionShutdownException;
import okhttp3.internal.http2.ErrorCode;
import okhttp3.internal.http2.StreamResetException;

/// Makes requests of batches, and outcomes of answers and of connections that break.
final class Exchange {
  /// An answer holds a count and a message.
  static final long MAX_ANSWER_BYTES = 64 * 1024;

  private static final byte[] EMPTY = {};
  private static final byte[] EMPTY_JSON = {'{', '}'};

  /// A resource without anything: the first field of each signal's request.
  private static final byte[] HOLLOW = {0x0A, 0};

  private final ShipperSettings.Otlp settings;
  private final int mostJsonBytes;
  private final HttpUrl base;
  private final String endpoint;
  private final boolean grpc;
  private final MediaType type;
  private final Reasons reasons;
  private final GrpcAnswers grpcAnswers;
  private final HttpAnswers httpAnswers;

  /// @param mostJsonBytes of a request with several records
  Exchange(ShipperSettings.Otlp settings, int mostJsonBytes, InstantSource clock) {
    this.settings = settings;
    this.mostJsonBytes = mostJsonBytes;
    this.base = HttpUrl.get(settings.endpoint().toString());
    this.endpoint = base.scheme() + "://" + settings.endpoint().getHost() + ":" + base.port();
    this.grpc = settings.protocol() == Protocol.GRPC;
    this.type =
        MediaType.get(
            switch (settings.protocol()) {
              case GRPC -> "application/grpc";
              case HTTP_PROTOBUF -> "application/x-protobuf";
              case HTTP_JSON -> "application/json";
            });
    this.reasons = Reasons.withoutValues(settings.headers().values());
    this.httpAnswers = new HttpAnswers(endpoint, reasons, clock);
    this.grpcAnswers = new GrpcAnswers(endpoint, reasons, httpAnswers);
  }

  /// For people.
  String endpoint() {
    return endpoint;
  }

  /// @throws OutputFullException where it would take more than memory allows: [#tooLarge]
  Request request(Batch batch) {
    if (settings.protocol() == Protocol.HTTP_JSON) {
      ByteOutput json = new ByteOutput((int) Math.min(batch.length() * 2L, mostJsonBytes));
      if (batch.records() > 1) {
        json.limit(mostJsonBytes);
      }
      new OtlpJsonWriter().write(batch, json);
      return request(batch.signal(), json.bytes(), 0, json.length());
    }
    return request(batch.signal(), batch.bytes(), batch.offset(), batch.length());
  }

  /// What is to be made of a batch of several records that takes too much as JSON.
  Outcome tooLarge() {
    return new Outcome.TooLarge(
        OtlpJsonWriter.requestBytes(mostJsonBytes),
        "a request would take more than the " + mostJsonBytes + " bytes that memory allows",
        null);
  }

  /// A request without any record.
  Request empty(Signal signal) {
    byte[] bytes = settings.protocol() == Protocol.HTTP_JSON ? EMPTY_JSON : EMPTY;
    return request(signal, bytes, 0, bytes.length);
  }

  /// A request with a resource, and without any record.
  Request hollow(Signal signal) {
    byte[] bytes = settings.protocol() == Protocol.HTTP_JSON ? hollowJson(signal) : HOLLOW;
    return request(signal, bytes, 0, bytes.length);
  }

  private static byte[] hollowJson(Signal signal) {
    String field =
        switch (signal) {
          case LOGS -> "resourceLogs";
          case TRACES -> "resourceSpans";
          case METRICS -> "resourceMetrics";
        };
    return ("{\"" + field + "\":[{}]}").getBytes(UTF_8);
  }

  private Request request(Signal signal, byte[] bytes, int offset, int length) {
    boolean gzip = settings.compression() == Compression.GZIP;
    Request.Builder request =
        new Request.Builder().url(url(signal)).header("user-agent", "pannier");
    for (Map.Entry<String, String> header : settings.headers().entrySet()) {
      request.header(header.getKey(), header.getValue());
    }
    if (grpc) {
      long millis = Math.min(settings.timeout().toMillis(), 99_999_999);
      request
          .header("te", "trailers")
          .header("grpc-timeout", millis + "m")
          .header("grpc-accept-encoding", "identity,gzip");
    }
    if (gzip) {
      request.header(grpc ? "grpc-encoding" : "content-encoding", "gzip");
    }
    return request.post(new OtlpBody(type, bytes, offset, length, gzip, grpc)).build();
  }

  private HttpUrl url(Signal signal) {
    String service =
        switch (signal) {
          case LOGS -> "logs.v1.LogsService";
          case TRACES -> "trace.v1.TraceService";
          case METRICS -> "metrics.v1.MetricsService";
        };
    if (grpc) {
      return base.newBuilder()
          .encodedPath("/opentelemetry.proto.collector." + service + "/Export")
          .build();
    }
    String path = base.encodedPath();
    String prefix = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    return base.newBuilder().encodedPath(prefix + "/v1/" + signal.label()).build();
  }

  /// Reads the answer to its end, and closes it.
  Answer answer(Response response) {
    try (response) {
      return grpc ? grpcAnswers.read(response) : httpAnswers.read(response);
    } catch (IOException e) {
      return broken(e);
    } catch (IllegalArgumentException e) {
      return Answer.retry(endpoint + " answers what is no OTLP: " + reasons.of(e), 0);
    }
  }

  /// What a connection that failed means: nothing about the data.
  Answer broken(IOException error) {
    String says = reasons.of(error);
    boolean untaken =
        error instanceof ConnectionShutdownException
            || (error instanceof StreamResetException reset
                && reset.errorCode == ErrorCode.REFUSED_STREAM);
    if (untaken) {
      // HTTP/2, GOAWAY: a connection that has served its time ends so.
      return Answer.untouched(endpoint + " closed the connection before it took the request", 0);
    }
    boolean unreached =
        error instanceof UnknownHostException
            || error instanceof ConnectException
            || error instanceof SSLHandshakeException;
    String reason =
        switch (error) {
          case UnknownHostException _ -> endpoint + ": no such host";
          case SSLException _ ->
              "TLS with " + endpoint + " failed, check tls.ca, tls.cert and tls.key: " + says;
          case ConnectException _ -> endpoint + " cannot be reached: " + says;
          case InterruptedIOException _ ->
              endpoint + " did not answer within " + settings.timeout().toMillis() + " ms";
          default ->
              "the connection to "
                  + endpoint
                  + " broke"
                  + (grpc ? " (does it speak gRPC there?)" : "")
                  + ": "
                  + says;
        };
    return unreached ? Answer.untouched(reason, 0) : Answer.retry(reason, 0);
  }
}

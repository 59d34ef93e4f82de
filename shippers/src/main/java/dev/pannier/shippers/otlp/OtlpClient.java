package dev.pannier.shippers.otlp;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Protocol;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;

/// An OkHttp client for one backend, with threads of its own.
final class OtlpClient implements AutoCloseable {
  /// Requests under way; over HTTP/1.1 each has a connection.
  static final int MAX_REQUESTS = 4;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final long IDLE_CONNECTION_SECONDS = 60;
  private static final long IDLE_THREAD_SECONDS = 5;

  /// Guarded by this, as long as it is replaced.
  private volatile OkHttpClient http;

  private final ThreadPoolExecutor threads;

  /// @throws IOException if a file of `tls` cannot be read
  OtlpClient(ShipperSettings.Otlp settings) throws IOException {
    AtomicInteger count = new AtomicInteger();
    threads =
        // As many as OkHttp's dispatcher has requests under way.
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_THREAD_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            work ->
                Thread.ofPlatform()
                    .daemon()
                    .name("pannier-ship-" + settings.name() + "-http-" + count.incrementAndGet())
                    .unstarted(work));
    Dispatcher dispatcher = new Dispatcher(threads);
    dispatcher.setMaxRequests(MAX_REQUESTS);
    dispatcher.setMaxRequestsPerHost(MAX_REQUESTS);
    boolean tls = settings.endpoint().getScheme().equals("https");
    Duration timeout = settings.timeout();
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .connectionPool(newConnections())
            .protocols(protocols(settings.protocol(), tls))
            // An attempt is one request. Retrying is the caller's.
            .retryOnConnectionFailure(false)
            // A redirected POST becomes a GET, and would take secrets elsewhere.
            .followRedirects(false)
            .followSslRedirects(false)
            .connectTimeout(timeout.compareTo(CONNECT_TIMEOUT) < 0 ? timeout : CONNECT_TIMEOUT)
            .readTimeout(timeout)
            .writeTimeout(timeout)
            .callTimeout(timeout);
    if (tls) {
      TlsFiles files = TlsFiles.load(settings.tls());
      builder.sslSocketFactory(files.sockets(), files.trust());
    }
    http = builder.build();
  }

  private static List<okhttp3.Protocol> protocols(Protocol protocol, boolean tls) {
    if (tls) {
      return List.of(okhttp3.Protocol.HTTP_2, okhttp3.Protocol.HTTP_1_1);
    }
    return protocol == Protocol.GRPC
        ? List.of(okhttp3.Protocol.H2_PRIOR_KNOWLEDGE)
        : List.of(okhttp3.Protocol.HTTP_1_1);
  }

  private static ConnectionPool newConnections() {
    return new ConnectionPool(MAX_REQUESTS, IDLE_CONNECTION_SECONDS, TimeUnit.SECONDS);
  }

  OkHttpClient http() {
    return http;
  }

  /// A request got no answer in its time. Its peer may have vanished without a word, and a connection of
  /// HTTP/2 would be used again and again: what is sent from now on goes by other connections. Those
  /// that are in use end with their requests.
  ///
  /// @param used by that request; where others have come since, nothing is done
  synchronized void distrust(OkHttpClient used) {
    if (used == http) {
      http = used.newBuilder().connectionPool(newConnections()).build();
      used.connectionPool().evictAll();
    }
  }

  void cancelAll() {
    http.dispatcher().cancelAll();
  }

  @Override
  public void close() {
    cancelAll();
    threads.shutdown();
    http.connectionPool().evictAll();
  }
}

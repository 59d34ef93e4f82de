package dev.pannier.shippers.otlp;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.ShipperSettings.Tls;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An OkHttp client for one backend, with threads of its own.
final class OtlpClient implements AutoCloseable {
  /// Requests under way; over HTTP/1.1 each has a connection.
  static final int MAX_REQUESTS = 4;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final long IDLE_CONNECTION_SECONDS = 60;
  private static final long IDLE_THREAD_SECONDS = 5;

  private static final Logger LOG = LoggerFactory.getLogger(OtlpClient.class);

  private final String shipper;

  /// Null where nothing of it is in files.
  private final @Nullable Tls tls;

  /// Of the files of `tls`, as they were when they were read. Guarded by this.
  private List<String> versions;

  /// Guarded by this, as long as it is replaced.
  private volatile OkHttpClient http;

  private final ThreadPoolExecutor threads;

  /// @throws IOException if a file of `tls` cannot be read
  OtlpClient(ShipperSettings.Otlp settings) throws IOException {
    shipper = settings.name();
    boolean secure = settings.endpoint().getScheme().equals("https");
    tls = secure ? settings.tls() : null;
    // Before they are read: what changes meanwhile is read again.
    versions = tls == null ? List.of() : TlsFiles.versions(tls);
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
    Duration timeout = settings.timeout();
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .connectionPool(newConnections())
            .protocols(protocols(settings.protocol(), secure))
            // An attempt is one request. Retrying is the caller's.
            .retryOnConnectionFailure(false)
            // A redirected POST becomes a GET, and would take secrets elsewhere.
            .followRedirects(false)
            .followSslRedirects(false)
            .connectTimeout(timeout.compareTo(CONNECT_TIMEOUT) < 0 ? timeout : CONNECT_TIMEOUT)
            .readTimeout(timeout)
            .writeTimeout(timeout)
            .callTimeout(timeout);
    if (secure) {
      TlsFiles files = TlsFiles.load(tls);
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

  /// What the next request goes by. Certificates have a life, and are renewed while requests go well: one
  /// that has run out is not always told by a handshake. So files are looked at before each request.
  synchronized OkHttpClient http() {
    if (tls != null) {
      List<String> now = TlsFiles.versions(tls);
      if (!now.equals(versions)) {
        versions = now;
        readAgain(tls);
      }
    }
    return http;
  }

  /// What is on its way goes on by the connections it has.
  private void readAgain(Tls changed) {
    TlsFiles files;
    try {
      files = TlsFiles.load(changed);
    } catch (IOException e) {
      LOG.warn(
          "shipper {}: a file of tls has changed and cannot be used, what was read before stays:"
              + " {}",
          shipper,
          String.valueOf(e.getMessage()));
      return;
    }
    OkHttpClient before = http;
    http =
        before
            .newBuilder()
            .connectionPool(newConnections())
            .sslSocketFactory(files.sockets(), files.trust())
            .build();
    before.connectionPool().evictAll();
    LOG.info("shipper {}: the files of tls have changed and were read again", shipper);
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

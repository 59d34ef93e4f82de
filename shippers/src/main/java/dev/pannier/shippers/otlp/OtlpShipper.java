package dev.pannier.shippers.otlp;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.OutputFullException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ships to an OTLP backend, one request a batch, up to four at a time.
///
/// Order: a backend may handle concurrent requests in any order, so batches of one [Batch#key()] go
/// one after the other; the next waits here until the one before it was taken. When that fails,
/// those that waited are answered `Retryable` unsent, and the caller sends again from the first that
/// failed. Batches without a key go as they come.
public final class OtlpShipper implements Shipper {
  private static final Duration CANCELLING = Duration.ofSeconds(1);

  /// So many requests the caller has under way at most.
  private static final int AT_A_TIME = 4;

  private static final int SMALLEST_JSON_BYTES = 64 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(OtlpShipper.class);

  private final ShipperSettings.Otlp settings;
  private final Exchange exchange;
  private final Verdicts verdicts;
  private final Lanes<Shipment> lanes = new Lanes<>();
  private final Set<Shipment> open = ConcurrentHashMap.newKeySet();

  /// All are free when nothing is open.
  private final Semaphore free = new Semaphore(Integer.MAX_VALUE);

  private final Object clientLock = new Object();
  private @Nullable OtlpClient client;
  private volatile boolean closed;

  /// @param memoryBytes for requests as JSON
  /// @param clock for `Retry-After` as a date
  public OtlpShipper(ShipperSettings.Otlp settings, long memoryBytes, InstantSource clock) {
    this.settings = settings;
    int mostJsonBytes = Math.clamp(memoryBytes / AT_A_TIME, SMALLEST_JSON_BYTES, Integer.MAX_VALUE);
    this.exchange = new Exchange(settings, mostJsonBytes, clock);
    this.verdicts =
        new Verdicts(
            exchange.endpoint(),
            settings.signals(),
            signal -> send(exchange.empty(signal)),
            signal -> send(exchange.hollow(signal)));
  }

  /// Sends an empty request of one signal after the other until one is answered by what may be the backend: nothing is stored, and
  /// the whole way is tried.
  @Override
  public Outcome connect() {
    if (closed) {
      return closedOutcome();
    }
    return verdicts.connect();
  }

  private Answer send(Request request) {
    OkHttpClient used = null;
    try {
      used = client().http();
      return exchange.answer(used.newCall(request).execute());
    } catch (IOException e) {
      return broken(e, used);
    }
  }

  @Override
  public String missing() {
    return verdicts.missing();
  }

  @Override
  public void ship(Batch batch, Consumer<Outcome> outcome) {
    if (closed) {
      outcome.accept(closedOutcome());
      return;
    }
    Shipment shipment = new Shipment(batch, outcome);
    free.acquireUninterruptibly();
    open.add(shipment);
    if (lanes.enter(batch.key(), shipment)) {
      start(shipment);
    }
  }

  private void start(Shipment shipment) {
    try {
      Request request = exchange.request(shipment.batch);
      OkHttpClient http = client().http();
      shipment.used = http;
      http.newCall(request).enqueue(shipment);
    } catch (OutputFullException e) {
      shipment.end(exchange.tooLarge());
    } catch (IOException e) {
      shipment.end(broken(e, null).outcome());
    } catch (RuntimeException e) {
      // Whatever it is, those that wait behind it must not wait for ever.
      shipment.end(new Outcome.Retryable("no request could be made: " + e, 0, null));
    }
  }

  private OtlpClient client() throws IOException {
    synchronized (clientLock) {
      if (closed) {
        throw new IOException("the shipper is closed");
      }
      if (client == null) {
        try {
          client = new OtlpClient(settings);
        } catch (IOException e) {
          throw new SSLException("a file of tls cannot be used", e);
        }
      }
      return client;
    }
  }

  /// @param used where a request was made
  private Answer broken(IOException error, @Nullable OkHttpClient used) {
    if (error instanceof InterruptedIOException && used != null) {
      synchronized (clientLock) {
        if (client != null) {
          client.distrust(used);
        }
      }
    }
    return exchange.broken(error);
  }

  @Override
  public void close(Duration timeout) {
    if (closed) {
      return;
    }
    boolean idle = await(timeout);
    closed = true;
    OtlpClient last;
    synchronized (clientLock) {
      last = client;
      client = null;
    }
    if (last != null) {
      if (!idle) {
        last.cancelAll();
        await(CANCELLING);
      }
      last.close();
    }
    for (Shipment shipment : open) {
      shipment.tell(closedOutcome());
    }
  }

  private boolean await(Duration timeout) {
    try {
      if (free.tryAcquire(Integer.MAX_VALUE, timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        free.release(Integer.MAX_VALUE);
        return true;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private static Outcome closedOutcome() {
    return new Outcome.Retryable("the shipper is closed", 0, null);
  }

  /// A batch whose outcome is not told.
  private final class Shipment implements Callback {
    private final Batch batch;
    private final Consumer<Outcome> outcome;
    private final AtomicBoolean told = new AtomicBoolean();
    private volatile @Nullable OkHttpClient used;

    Shipment(Batch batch, Consumer<Outcome> outcome) {
      this.batch = batch;
      this.outcome = outcome;
    }

    @Override
    public void onResponse(Call call, Response response) {
      Outcome what;
      try {
        // Any body of a request can be sent more than once.
        what = verdicts.of(batch.signal(), exchange.answer(response), () -> send(call.request()));
      } catch (RuntimeException e) {
        // The client would only log it, and the batch's key would wait for ever.
        LOG.error("shipper {}: an answer could not be read", settings.name(), e);
        what = new Outcome.Retryable("an answer that could not be read: " + e, 0, null);
      }
      end(what);
    }

    @Override
    public void onFailure(Call call, IOException error) {
      end(broken(error, used).outcome());
    }

    private void end(Outcome what) {
      // Told before the lane moves on: whatever the caller sends now goes behind those that wait.
      tell(what);
      switch (what) {
        case Outcome.Accepted _, Outcome.PartlyAccepted _, Outcome.Permanent _ -> {
          Shipment next = lanes.next(batch.key());
          if (next != null) {
            start(next);
          }
        }
        case Outcome.Retryable retry -> abandon(retry.reason());
        case Outcome.TooLarge tooLarge -> abandon(tooLarge.reason());
        case Outcome.Missing missing -> abandon(missing.reason());
      }
    }

    private void abandon(String reason) {
      for (Shipment waiting : lanes.abandon(batch.key())) {
        waiting.tell(
            new Outcome.Retryable("waits behind another: " + reason, 0, null).asUntouched());
      }
    }

    private void tell(Outcome what) {
      if (told.compareAndSet(false, true)) {
        open.remove(this);
        outcome.accept(what);
        free.release();
      }
    }
  }
}

package dev.pannier.collector.receive;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.config.OtlpSource;
import dev.pannier.collector.http.Endpoint;
import dev.pannier.collector.http.HttpHandler;
import dev.pannier.collector.http.HttpRequest;
import dev.pannier.collector.http.HttpResponder;
import dev.pannier.collector.http.HttpResponse;
import dev.pannier.collector.http.HttpServer;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.OutputFullException;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Receives OTLP over gRPC and HTTP, on either address. What it does with a request, in order:
///
/// 1. the path, the method and the content type say which signal and which [Form] it is;
/// 2. gRPC's frame is taken off, gzip or zstd unpacked, JSON becomes protobuf;
/// 3. the bytes are checked; records that cannot be accepted are taken out;
/// 4. the batch goes to the buffer, and the client is answered when it is confirmed, or told to
///    come back after [#CONFIRM_NANOS], while the batch stays under way.
///
/// All but acknowledgements runs on the server's thread.
public final class OtlpReceiver implements HttpHandler, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OtlpReceiver.class);

  /// The source's name in metrics and `/status`.
  public static final String SOURCE = "otlp";

  /// How long a client waits for its batch to be confirmed. OTLP exporters give up after 10 s.
  static final long CONFIRM_NANOS = 5_000_000_000L;

  /// Some connections are left to the admin endpoint: at most 256 in all.
  private static final int MAX_CONNECTIONS = 240;

  private static final int MAX_STREAMS = 100;

  /// What a batch under way costs besides its bytes: any number of small requests stay in bounds.
  private static final int BATCH_BYTES = 1024;

  private static final String GRPC_PATH = "/opentelemetry.proto.collector.";

  private final OtlpSource settings;
  private final Buffer buffer;
  private final MemoryBudget budget;
  private final Predicate<Signal> nowhere;
  private final Metrics metrics;
  private final LongSupplier nanoClock;
  private final RequestReader reader;
  private final DrainRate drainRate;
  private final LongAdder records;
  private final LongAdder bytes;
  private final LongAdder refusedRecords;
  private final List<Waiting> waiting = new ArrayList<>();

  private volatile long lastRequestNanos;
  private volatile boolean accepting = true;

  /// Whether a request is looked at, which [#accepting] may have let in.
  private volatile boolean handling;

  /// @param buffer    what it is given is processed there, too, where processors are configured
  /// @param nowhere   whether requests of a signal have nowhere to go at the moment
  /// @param nanoClock monotonic, the server's
  public OtlpReceiver(
      OtlpSource settings,
      Buffer buffer,
      MemoryBudget budget,
      Predicate<Signal> nowhere,
      Metrics metrics,
      LongSupplier nanoClock) {
    this.settings = settings;
    this.buffer = buffer;
    this.budget = budget;
    this.nowhere = nowhere;
    this.metrics = metrics;
    this.nanoClock = nanoClock;
    this.reader = new RequestReader(budget, settings.maxRequest(), settings.maxRecord());
    this.lastRequestNanos = nanoClock.getAsLong();
    this.drainRate = new DrainRate(lastRequestNanos);
    this.records = metrics.adder(Counter.SOURCE_RECORDS, SOURCE);
    this.bytes = metrics.adder(Counter.SOURCE_BYTES, SOURCE);
    this.refusedRecords = metrics.adder(Counter.SOURCE_REFUSED_RECORDS, SOURCE);
  }

  /// Listens on the configured addresses; both speak all of OTLP.
  ///
  /// @return the bound addresses, gRPC's first, without those that are switched off
  /// @throws IOException that names the address which cannot be listened on
  public List<Address> listen(HttpServer server) throws IOException {
    Endpoint endpoint =
        new Endpoint(
            this,
            budget,
            MAX_CONNECTIONS,
            MAX_STREAMS,
            settings.maxRequest() + HttpRequest.GRPC_PREFIX);
    List<Address> bound = new ArrayList<>(2);
    if (settings.grpc() != null) {
      bound.add(listen(server, settings.grpc(), endpoint));
    }
    if (settings.http() != null) {
      bound.add(listen(server, settings.http(), endpoint));
    }
    return bound;
  }

  /// Clients take `localhost` for 127.0.0.1 or for ::1, and some try no more than one of them: who
  /// listens on the one listens on the other, too, where the machine has it.
  private static Address listen(HttpServer server, Address address, Endpoint endpoint)
      throws IOException {
    Address bound = server.listen(address, endpoint);
    if (address.host().equals("127.0.0.1") || address.host().equals("localhost")) {
      try {
        server.listen(new Address("::1", bound.port()), endpoint);
      } catch (IOException e) {
        LOG.debug("IPv6's loopback address is not listened on: {}", e.getMessage());
      }
    }
    return bound;
  }

  /// When the last request came, by the nano clock; when the receiver was made, if none has.
  public long lastRequestNanos() {
    return lastRequestNanos;
  }

  /// From here on every request is told to come back later. What is under way is still answered.
  public void stopAccepting() {
    accepting = false;
  }

  /// Whether nothing is given to the buffer any more, since [#stopAccepting].
  public boolean hasStoppedAccepting() {
    return !accepting && !handling;
  }

  /// Lets go of native memory; after the server was closed.
  @Override
  public void close() {
    reader.close();
  }

  @Override
  public void handle(HttpRequest request, HttpResponder responder) {
    lastRequestNanos = nanoClock.getAsLong();
    handling = true;
    try {
      takeOrRefuse(request, responder);
    } finally {
      handling = false;
    }
  }

  private void takeOrRefuse(HttpRequest request, HttpResponder responder) {
    Form form = Form.of(request.header("content-type"));
    Signal httpSignal = httpSignal(request.path());
    Signal grpcSignal = grpcSignal(request.path());
    if (httpSignal == null && grpcSignal == null) {
      refuse(form, Refusal.NOT_FOUND, "nothing here: " + request.path(), responder);
    } else if (!request.method().equals("POST")) {
      refuse(form, Refusal.WRONG_METHOD, "the method has to be POST", responder);
    } else if (form == Form.GRPC && grpcSignal == null) {
      refuse(form, Refusal.NOT_FOUND, "no gRPC method: " + request.path(), responder);
    } else if (form == null || (form != Form.GRPC && httpSignal == null)) {
      String wanted =
          httpSignal == null ? "application/grpc" : "application/x-protobuf or application/json";
      refuse(form, Refusal.WRONG_TYPE, "the content type has to be " + wanted, responder);
    } else if (!accepting) {
      refuse(form, Refusal.SHUTTING_DOWN, "the sidecar is shutting down", responder);
    } else {
      Signal signal = httpSignal == null ? grpcSignal : httpSignal;
      if (signal != null && nowhere.test(signal)) {
        String reason = "the destination of " + signal.label() + " is missing: /readyz says which";
        refuse(form, Refusal.NOWHERE, reason, responder);
      } else if (!buffer.hasRoomForRequests()) {
        refuse(form, Refusal.BUFFER_FULL, "the disk buffer is full", responder);
      } else if (signal != null) {
        receive(request, form, signal, responder);
      }
    }
  }

  @Override
  public void refuse(HttpRequest request, int status, String reason, HttpResponder responder) {
    lastRequestNanos = nanoClock.getAsLong();
    Form form = Form.of(request.header("content-type"));
    Refusal refusal =
        switch (status) {
          case 408 -> Refusal.TOO_SLOW;
          case 413 -> Refusal.TOO_LARGE;
          case 503 -> Refusal.NO_MEMORY;
          default -> Refusal.INVALID;
        };
    refuse(form, refusal, reason, responder);
  }

  @Override
  public void refuseConnection(HttpRequest request, HttpResponder responder) {
    lastRequestNanos = nanoClock.getAsLong();
    Form form = Form.of(request.header("content-type"));
    refuse(form, Refusal.TOO_MANY_CONNECTIONS, "too many connections", responder);
  }

  /// Ends the waiting of those who have waited long enough.
  @Override
  public void tick(long nowNanos) {
    waiting.removeIf(
        each -> {
          if (each.isOver()) {
            return true;
          }
          if (nowNanos - each.deadlineNanos < 0) {
            return false;
          }
          HttpResponder client = each.takeResponder();
          if (client != null) {
            refuse(each.form, each.atDeadline, "taken, but not confirmed yet", client);
          }
          return true;
        });
  }

  void drained(long batchBytes) {
    drainRate.drained(batchBytes, nanoClock.getAsLong());
  }

  private void receive(HttpRequest request, Form form, Signal signal, HttpResponder responder) {
    Received received = reader.read(request, form, signal);
    Refusal refusal = received.refusal();
    if (refusal != null) {
      refuse(form, refusal, received.reason(), responder);
      return;
    }
    if (received.batch() != null && !budget.tryReserve(BATCH_BYTES)) {
      budget.release(received.reservedBytes());
      refuse(form, Refusal.NO_MEMORY, "no memory is free for the request now", responder);
      return;
    }
    long taken = received.records() + received.refused();
    records.add(taken);
    bytes.add(received.requestBytes());
    refusedRecords.add(received.refused());
    Batch batch = received.batch();
    if (batch == null) {
      budget.release(received.reservedBytes());
      responder.respond(Answers.success(form, signal, received.refused(), received.reason()));
    } else {
      // What was refused at the door has its share of the request's bytes.
      long ours = Ledger.share(received.requestBytes(), batch.records(), taken);
      try {
        append(request, form, batch.withSourceBytes(ours), received, responder);
      } catch (OutputFullException e) {
        refusedRecords.add(batch.records());
        refuse(
            form,
            Refusal.TOO_LARGE,
            "processors would make too much of the request's many records: send fewer at once",
            responder);
      }
    }
  }

  private void append(
      HttpRequest request, Form form, Batch batch, Received received, HttpResponder responder) {
    long reserved = received.reservedBytes() + BATCH_BYTES;
    if (settings.acknowledge() == OtlpSource.Acknowledge.ACCEPTED) {
      int length = batch.length();
      buffer.append(batch, reserved, (rejected, reason) -> drained(length));
      responder.respond(
          Answers.success(form, batch.signal(), received.refused(), received.reason()));
      return;
    }
    long timeoutNanos = GrpcTimeout.nanos(request.header("grpc-timeout"));
    Waiting client =
        new Waiting(
            this,
            form,
            batch.signal(),
            responder,
            batch.length(),
            received.refused(),
            received.reason(),
            nanoClock.getAsLong() + Math.min(CONFIRM_NANOS, timeoutNanos),
            timeoutNanos < CONFIRM_NANOS ? Refusal.DEADLINE : Refusal.NOT_CONFIRMED);
    waiting.add(client);
    Acknowledgement.When when =
        settings.acknowledge() == OtlpSource.Acknowledge.DURABLE
            ? Acknowledgement.When.DURABLE
            : Acknowledgement.When.DELIVERED;
    buffer.append(batch, reserved, when, client);
  }

  private void refuse(
      @Nullable Form form, Refusal refusal, String reason, HttpResponder responder) {
    metrics.adder(Counter.SOURCE_REFUSED_REQUESTS, SOURCE, refusal.counted).increment();
    long retrySeconds =
        refusal == Refusal.SHUTTING_DOWN
            ? 1
            : drainRate.secondsFor(budget.heldBytes(), nanoClock.getAsLong());
    HttpResponse response = Answers.refusal(form, refusal, reason, retrySeconds);
    responder.respond(response);
  }

  private static @Nullable Signal httpSignal(String path) {
    return switch (path) {
      case "/v1/logs" -> Signal.LOGS;
      case "/v1/traces" -> Signal.TRACES;
      case "/v1/metrics" -> Signal.METRICS;
      default -> null;
    };
  }

  private static @Nullable Signal grpcSignal(String path) {
    if (!path.startsWith(GRPC_PATH)) {
      return null;
    }
    return switch (path.substring(GRPC_PATH.length())) {
      case "logs.v1.LogsService/Export" -> Signal.LOGS;
      case "trace.v1.TraceService/Export" -> Signal.TRACES;
      case "metrics.v1.MetricsService/Export" -> Signal.METRICS;
      default -> null;
    };
  }
}

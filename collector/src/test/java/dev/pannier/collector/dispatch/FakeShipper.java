package dev.pannier.collector.dispatch;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Refusal;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.batch.Batch;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A destination that answers when and what it is told to, and keeps what has arrived.
final class FakeShipper implements Shipper {
  record Call(Batch batch, Consumer<Outcome> outcome) {}

  /// Not answered yet, in the order of the calls.
  final List<Call> calls = new ArrayList<>();

  /// The bodies of the records that the destination has stored, in the order of their arrival.
  final List<String> arrived = new ArrayList<>();

  int connects;
  Outcome connect = Outcome.ACCEPTED;

  /// Answers at once where it returns an outcome; may throw.
  Function<Batch, @Nullable Outcome> onShip = batch -> null;

  boolean closed;

  /// Whether it keeps the order of what it has in flight.
  boolean pipelined;

  String missing = "";

  @Override
  public Outcome connect() {
    connects++;
    return connect;
  }

  @Override
  public boolean pipelines(String key) {
    return pipelined;
  }

  @Override
  public String missing() {
    return missing;
  }

  @Override
  public void ship(Batch batch, Consumer<Outcome> outcome) {
    Call call = new Call(batch, outcome);
    Outcome now = onShip.apply(batch);
    if (now == null) {
      calls.add(call);
    } else {
      answer(call, now);
    }
  }

  @Override
  public void close(Duration timeout) {
    closed = true;
    for (Call call : List.copyOf(calls)) {
      answer(call, new Outcome.Retryable("closed", 0, null));
    }
  }

  void accept(int index) {
    answer(calls.get(index), Outcome.ACCEPTED);
  }

  void retry(int index, String reason) {
    answer(calls.get(index), new Outcome.Retryable(reason, 0, null));
  }

  void answer(Call call, Outcome outcome) {
    calls.remove(call);
    List<String> bodies = bodies(call.batch());
    switch (outcome) {
      case Outcome.Accepted _ -> arrived.addAll(bodies);
      case Outcome.PartlyAccepted partly ->
          arrived.addAll(bodies.subList((int) partly.rejected(), bodies.size()));
      case Outcome.Retryable retry -> arrived(bodies, retry.unconfirmed(), retry.refused());
      case Outcome.Missing missing -> arrived(bodies, missing.unconfirmed(), missing.refused());
      case Outcome.TooLarge large -> arrived(bodies, large.unconfirmed(), large.refused());
      case Outcome.Permanent _ -> {}
    }
    call.outcome().accept(outcome);
  }

  private void arrived(List<String> bodies, @Nullable BitSet unconfirmed, List<Refusal> refused) {
    for (int i = 0; unconfirmed != null && i < bodies.size(); i++) {
      int record = i;
      if (!unconfirmed.get(i) && refused.stream().noneMatch(one -> one.records().get(record))) {
        arrived.add(bodies.get(i));
      }
    }
  }

  static List<String> bodies(Batch batch) {
    try {
      return ExportLogsServiceRequest.parseFrom(
              ByteBuffer.wrap(batch.bytes(), batch.offset(), batch.length()))
          .getResourceLogsList()
          .stream()
          .flatMap(resource -> resource.getScopeLogsList().stream())
          .flatMap(scope -> scope.getLogRecordsList().stream())
          .map(record -> record.getBody().getStringValue())
          .toList();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
  }
}

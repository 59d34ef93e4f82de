package dev.pannier.collector.simulation;

import dev.pannier.collector.buffer.Acknowledgement;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;

/// Whoever sends requests. Some send one again that has no answer: it was refused, or its process died, or the answer is late, and then
/// it may come twice.
final class Clients {
  /// Told of each request that was taken and is answered.
  interface Answered {
    void answered(int request, long rejected);
  }

  /// One of so many that is sent again has not been given up by the sidecar.
  private static final int IMPATIENT = 8;

  private final Truth truth;
  private final RandomGenerator random;
  private final boolean sendsAgain;
  private final Acknowledgement.When when;
  private final Answered onAnswered;

  /// Of those who send again.
  private final List<Integer> unanswered = new ArrayList<>();

  /// The sidecar that lives has them.
  private final BitSet underWay = new BitSet();

  /// How often one was taken again.
  int again;

  /// @param when what the sidecar waits for before it answers
  Clients(
      Truth truth,
      RandomGenerator random,
      boolean sendsAgain,
      Acknowledgement.When when,
      Answered onAnswered) {
    this.truth = truth;
    this.random = random;
    this.sendsAgain = sendsAgain;
    this.when = when;
    this.onAnswered = onAnswered;
  }

  /// One sends a request.
  void send(SimulatedSidecar to) {
    if (!unanswered.isEmpty() && random.nextBoolean()) {
      int request = unanswered.get(random.nextInt(unanswered.size()));
      if (!underWay.get(request) || random.nextInt(IMPATIENT) == 0) {
        send(to, request);
        return;
      }
    }
    int request = truth.nextRequest();
    if (sendsAgain) {
      unanswered.add(request);
    }
    send(to, request);
  }

  /// Nobody waits any longer with what the sidecar does not have.
  void sendAll(SimulatedSidecar to) {
    for (int request : List.copyOf(unanswered)) {
      if (!underWay.get(request)) {
        send(to, request);
      }
    }
  }

  private void send(SimulatedSidecar to, int request) {
    // Whoever dies with it may have stored it before.
    truth.sent(request);
    boolean taken =
        to.receive(
            body("r" + Truth.digits(request)),
            when,
            (rejected, reason) -> answered(request, rejected));
    if (taken) {
      again += truth.timesSent(request) > 1 ? 1 : 0;
      underWay.set(request);
    } else {
      truth.notTaken(request);
    }
  }

  private void answered(int request, long rejected) {
    underWay.clear(request);
    unanswered.remove((Integer) request);
    onAnswered.answered(request, rejected);
  }

  /// The sidecar has gone, and nobody is answered by it.
  void cutOff() {
    underWay.clear();
  }

  /// Whether nobody waits any more.
  boolean areAnswered() {
    return unanswered.isEmpty();
  }

  private static byte[] body(String body) {
    LogRecord one =
        LogRecord.newBuilder().setBody(AnyValue.newBuilder().setStringValue(body)).build();
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(
            ResourceLogs.newBuilder().addScopeLogs(ScopeLogs.newBuilder().addLogRecords(one)))
        .build()
        .toByteArray();
  }
}

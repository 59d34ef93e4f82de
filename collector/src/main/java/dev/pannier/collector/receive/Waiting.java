package dev.pannier.collector.receive;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.http.HttpResponder;
import dev.pannier.shippers.batch.Signal;

/// A client that waits until its batch is confirmed, or until it has waited long enough.
final class Waiting implements Acknowledgement {
  final Form form;
  final HttpResponder responder;
  final long deadlineNanos;

  /// What the client is told at the deadline.
  final Refusal atDeadline;

  private final OtlpReceiver receiver;
  private final Signal signal;
  private final int bytes;
  private final long refused;
  private final String whyRefused;

  /// @param refused records of the request that are not in the batch
  Waiting(
      OtlpReceiver receiver,
      Form form,
      Signal signal,
      HttpResponder responder,
      int bytes,
      long refused,
      String whyRefused,
      long deadlineNanos,
      Refusal atDeadline) {
    this.receiver = receiver;
    this.form = form;
    this.signal = signal;
    this.responder = responder;
    this.bytes = bytes;
    this.refused = refused;
    this.whyRefused = whyRefused;
    this.deadlineNanos = deadlineNanos;
    this.atDeadline = atDeadline;
  }

  @Override
  public void delivered(long rejected, String reason) {
    receiver.drained(bytes);
    String both = rejected == 0 ? whyRefused : refused == 0 ? reason : whyRefused + "; " + reason;
    responder.respond(Answers.success(form, signal, refused + rejected, both));
  }
}

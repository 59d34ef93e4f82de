package dev.pannier.collector.receive;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.http.HttpResponder;
import dev.pannier.shippers.batch.Signal;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A client that waits until its batch is confirmed, or until it has waited long enough. The batch
/// may wait much longer than the client: nothing of its request, which is no longer counted then,
/// is held any more.
final class Waiting implements Acknowledgement {
  final Form form;
  final long deadlineNanos;

  /// What the client is told at the deadline.
  final Refusal atDeadline;

  /// Null once nobody waits any more.
  private final AtomicReference<@Nullable HttpResponder> responder;

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
    this.responder = new AtomicReference<>(responder);
    this.bytes = bytes;
    this.refused = refused;
    this.whyRefused = whyRefused;
    this.deadlineNanos = deadlineNanos;
    this.atDeadline = atDeadline;
  }

  /// Whether nobody waits any more.
  boolean isOver() {
    HttpResponder client = responder.get();
    if (client != null && !client.isOpen()) {
      responder.set(null);
    }
    return responder.get() == null;
  }

  /// Whoever takes it answers.
  ///
  /// @return null where it was taken before
  @Nullable HttpResponder takeResponder() {
    return responder.getAndSet(null);
  }

  @Override
  public void delivered(long rejected, String reason) {
    receiver.drained(bytes);
    HttpResponder client = takeResponder();
    if (client == null) {
      return;
    }
    String both = rejected == 0 ? whyRefused : refused == 0 ? reason : whyRefused + "; " + reason;
    client.respond(Answers.success(form, signal, refused + rejected, both));
  }
}

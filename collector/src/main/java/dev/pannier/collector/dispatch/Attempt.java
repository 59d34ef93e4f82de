package dev.pannier.collector.dispatch;

import dev.pannier.shippers.Outcome;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// One call of a shipper's `ship`; takes its outcome, from any thread, once.
final class Attempt implements Consumer<Outcome> {
  /// An attempt with its outcome.
  record Answer(Shipment shipment, Outcome outcome) {}

  private final Shipment shipment;
  private final Queue<Answer> answers;
  private final Dispatcher dispatcher;
  private final AtomicBoolean answered = new AtomicBoolean();

  Attempt(Shipment shipment, Queue<Answer> answers, Dispatcher dispatcher) {
    this.shipment = shipment;
    this.answers = answers;
    this.dispatcher = dispatcher;
  }

  @Override
  public void accept(Outcome outcome) {
    if (answered.compareAndSet(false, true)) {
      answers.add(new Answer(shipment, outcome));
      dispatcher.answerCame(shipment, outcome);
    }
  }
}

package dev.pannier.collector.receive;

import dev.pannier.collector.buffer.Acknowledgement;
import dev.pannier.collector.buffer.Buffer;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.util.ArrayList;
import java.util.List;

/// Takes batches and confirms them at once, or when told to.
final class FakeBuffer implements Buffer {
  private record Held(long reservedBytes, Acknowledgement acknowledgement) {}

  private final MemoryBudget budget;
  private final boolean confirming;
  private final List<Batch> batches = new ArrayList<>();
  private final List<Held> held = new ArrayList<>();
  private final List<Acknowledgement.When> asked = new ArrayList<>();
  private volatile boolean full;
  private volatile Runnable onAppend = () -> {};

  FakeBuffer(MemoryBudget budget, boolean confirming) {
    this.budget = budget;
    this.confirming = confirming;
  }

  @Override
  public boolean hasRoomForFiles() {
    return true;
  }

  @Override
  public boolean hasRoomForRequests() {
    return !full;
  }

  @Override
  public void filtered(String source, Signal signal, long records, long bytes) {}

  @Override
  public void onRoom(Runnable listener) {}

  @Override
  public synchronized long append(
      Batch batch, long reservedBytes, Acknowledgement.When when, Acknowledgement acknowledgement) {
    onAppend.run();
    batches.add(batch);
    asked.add(when);
    held.add(new Held(reservedBytes, acknowledgement));
    if (confirming) {
      confirm(0, "");
    }
    return batches.size();
  }

  /// Tells all that wait.
  synchronized void confirm(long rejected, String reason) {
    for (Held each : held) {
      budget.release(each.reservedBytes());
      each.acknowledgement().bytesFree();
      each.acknowledgement().delivered(rejected, reason);
    }
    held.clear();
  }

  synchronized List<Batch> batches() {
    return List.copyOf(batches);
  }

  /// What each batch's acknowledgement was asked to wait for.
  synchronized List<Acknowledgement.When> asked() {
    return List.copyOf(asked);
  }

  /// Lets go of the batches.
  synchronized void forget() {
    batches.clear();
  }

  /// Run before each append, on its thread.
  void onAppend(Runnable run) {
    onAppend = run;
  }

  /// Whether it takes no more requests.
  void full(boolean now) {
    full = now;
  }
}

package dev.pannier.collector.simulation;

import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Doubt;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.batch.Batch;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A shipper before another one.
class ForwardingShipper implements Shipper {
  private final Shipper shipper;

  ForwardingShipper(Shipper shipper) {
    this.shipper = shipper;
  }

  @Override
  public void ship(Batch batch, Consumer<Outcome> outcome) {
    shipper.ship(batch, outcome);
  }

  @Override
  public void shipWhole(List<Batch> parts, Origin origin, Consumer<Outcome> outcome) {
    shipper.shipWhole(parts, origin, outcome);
  }

  @Override
  public Outcome connect() {
    return shipper.connect();
  }

  @Override
  public boolean pipelines(String key) {
    return shipper.pipelines(key);
  }

  @Override
  public String place(Batch batch) {
    return shipper.place(batch);
  }

  @Override
  public void flush() {
    shipper.flush();
  }

  @Override
  public String missing() {
    return shipper.missing();
  }

  @Override
  public void resume() {
    shipper.resume();
  }

  @Override
  public boolean isTransactional() {
    return shipper.isTransactional();
  }

  @Override
  public boolean buries() {
    return shipper.buries();
  }

  @Override
  public void bury(Batch part, String reason) {
    shipper.bury(part, reason);
  }

  @Override
  public boolean isReady() {
    return shipper.isReady();
  }

  @Override
  public void passed(Batch batch, Origin origin) {
    shipper.passed(batch, origin);
  }

  @Override
  public Committed committed() {
    return shipper.committed();
  }

  @Override
  public boolean hasCommitted(Doubt doubt) {
    return shipper.hasCommitted(doubt);
  }

  @Override
  public void retain(Set<Long> generations) {
    shipper.retain(generations);
  }

  @Override
  public int doWork(long nowNanos, Supplier<long[]> open) {
    return shipper.doWork(nowNanos, open);
  }

  @Override
  public long waitNanos(long nowNanos) {
    return shipper.waitNanos(nowNanos);
  }

  @Override
  public void close(Duration timeout) {
    shipper.close(timeout);
  }
}

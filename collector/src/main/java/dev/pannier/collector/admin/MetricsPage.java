package dev.pannier.collector.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.buffer.BufferStatus;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.dispatch.CircuitBreaker;
import dev.pannier.collector.dispatch.ShipperStatus;
import dev.pannier.collector.metrics.Counter;
import dev.pannier.collector.metrics.Metrics;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/// `/metrics`. A source and a shipper are labels, never a file.
final class MetricsPage {
  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final View view;
  private final Uptime uptime;

  MetricsPage(View view, Uptime uptime) {
    this.view = view;
    this.uptime = uptime;
  }

  byte[] render() {
    Exposition out = new Exposition();
    counters(out);
    sources(out);
    volumes(out);
    shippers(out);
    ledger(out);
    buffer(out);
    reload(out);
    process(out);
    return out.toString().getBytes(UTF_8);
  }

  private void counters(Exposition out) {
    Comparator<Metrics.Sample> inOrder =
        Comparator.comparing((Metrics.Sample sample) -> sample.key().counter())
            .thenComparing(sample -> sample.key().owner())
            .thenComparing(sample -> sample.key().reason());
    List<Metrics.Sample> samples = view.metrics().samples().stream().sorted(inOrder).toList();
    Counter last = null;
    for (Metrics.Sample sample : samples) {
      Counter counter = sample.key().counter();
      if (counter != last) {
        out.counter(counter.metric(), counter.unit(), counter.help());
        last = counter;
      }
      String label = counter.owner().label();
      out.sample(sample.value(), label, sample.key().owner(), "reason", sample.key().reason());
    }
  }

  private void sources(Exposition out) {
    out.gauge("pannier.source.lag", "By", "Bytes of files that not every shipper has confirmed.");
    for (SourceStatus source : view.sources().get()) {
      out.sample(source.lagBytes(), "source", source.name());
    }
  }

  private void volumes(Exposition out) {
    out.gauge("pannier.source.volume_free", "By", "Free bytes of the volume of a source's files.");
    for (SourceStatus source : view.sources().get()) {
      if (source.volumeFreeBytes() >= 0) {
        out.sample(source.volumeFreeBytes(), "source", source.name());
      }
    }
  }

  private void shippers(Exposition out) {
    List<ShipperStatus> shippers = view.shippers().get();
    out.gauge("pannier.shipper.in_flight_records", "{record}", "Records waiting or in flight.");
    for (ShipperStatus shipper : shippers) {
      out.sample(shipper.openRecords(), "shipper", shipper.name());
    }
    out.gauge("pannier.shipper.in_flight_batches", "{batch}", "Batches sent and not answered.");
    for (ShipperStatus shipper : shippers) {
      out.sample(shipper.inFlightBatches(), "shipper", shipper.name());
    }
    out.gauge(
        "pannier.shipper.circuit_open", "1", "0 while the circuit is closed, 1 until it is again.");
    for (ShipperStatus shipper : shippers) {
      ShipperStatus.Circuit circuit = shipper.circuit();
      if (circuit != null) {
        boolean closed = circuit.state() == CircuitBreaker.State.CLOSED;
        out.sample(closed ? 0 : 1, "shipper", shipper.name());
      }
    }
    out.counter("pannier.shipper.circuit_openings", "{opening}", "How often the circuit opened.");
    for (ShipperStatus shipper : shippers) {
      ShipperStatus.Circuit circuit = shipper.circuit();
      if (circuit != null) {
        out.sample(circuit.openings(), "shipper", shipper.name());
      }
    }
    out.gauge("pannier.shipper.failing", "s", "For how long no attempt has succeeded.");
    for (ShipperStatus shipper : shippers) {
      out.sample(shipper.failingSeconds(), "shipper", shipper.name());
    }
  }

  private void buffer(Exposition out) {
    BufferStatus buffer = view.buffer().get();
    if (buffer == null) {
      return;
    }
    out.gauge("pannier.buffer.usage", "By", "Bytes of the disk buffer's files.");
    out.sample(buffer.bytes());
    out.gauge("pannier.buffer.limit", "By", "What they may take: `buffer.max_bytes`.");
    out.sample(buffer.maxBytes());
    out.gauge("pannier.buffer.segments", "{file}", "Files of the disk buffer.");
    out.sample(buffer.segments());
    out.gauge("pannier.buffer.oldest", "s", "Age of the oldest batch that a shipper still needs.");
    out.sample(buffer.oldestSeconds());
    out.counter("pannier.buffer.damaged", "By", "Bytes that were found to be no records.");
    out.sample(buffer.damagedBytes());
    out.gauge("pannier.buffer.in_memory_only", "1", "1 while the disk does not take records.");
    out.sample(buffer.problem().isEmpty() ? 0 : 1);
  }

  private void reload(Exposition out) {
    ReloadStatus reload = view.reload().get();
    out.counter("pannier.config.reloads", "{reload}", "Reloads of the configuration.");
    out.sample(reload.applied(), "outcome", "applied");
    out.sample(reload.refused(), "outcome", "refused");
    out.gauge("pannier.config.refused", "1", "1 while the last configuration is refused.");
    boolean refused =
        switch (reload.outcome()) {
          case REFUSED, WAITING -> true;
          case NONE, APPLYING, APPLIED, UNCHANGED -> false;
        };
    out.sample(refused ? 1 : 0);
    Instant time = reload.time();
    if (time != null) {
      out.gauge("pannier.config.last_reload_time", "s", "When it was tried last, since 1970.");
      out.sample(time.toEpochMilli() / 1e3);
    }
  }

  /// Gauges, since what is in flight becomes less, too.
  private void ledger(Exposition out) {
    List<Ledger.Row> rows = view.ledger().snapshot();
    out.gauge("pannier.ledger.records", "{record}", "What became of records, all of one instant.");
    rows.forEach(row -> amounts(out, row, row.records()));
    out.gauge("pannier.ledger", "By", "What became of the sources' bytes, all of one instant.");
    rows.forEach(row -> amounts(out, row, row.bytes()));
  }

  private static void amounts(Exposition out, Ledger.Row row, Ledger.Amounts amounts) {
    amount(out, row, "read", amounts.read());
    amount(out, row, "shipped", amounts.shipped());
    amount(out, row, "filtered", amounts.filtered());
    amount(out, row, "rejected", amounts.rejected());
    amount(out, row, "dead_lettered", amounts.deadLettered());
    amount(out, row, "fallback", amounts.fellBack());
    amount(out, row, "dropped", amounts.dropped());
    amount(out, row, "in_flight", amounts.inFlight());
  }

  private static void amount(Exposition out, Ledger.Row row, String column, long value) {
    out.sample(value, "source", row.source(), "shipper", row.shipper(), "column", column);
  }

  private void process(Exposition out) {
    out.gauge("pannier.memory.held", "By", "Bytes of records and requests held.");
    out.sample(view.budget().heldBytes());
    out.gauge("pannier.memory.limit", "By", "What `memory` leaves for records and requests.");
    out.sample(view.budget().limitBytes());
    long resident = ResidentMemory.bytes();
    if (resident > 0) {
      out.gauge("process.memory.usage", "By", "Resident memory of the process.");
      out.sample(resident);
    }
    ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .ifPresent(
            cpu -> {
              out.counter("process.cpu.time", "s", "User and system time of the process.");
              out.sample(cpu.toMillis() / 1e3);
            });
    Runtime runtime = Runtime.getRuntime();
    out.gauge("jvm.memory.used", "By", "Java heap in use.");
    out.sample(runtime.totalMemory() - runtime.freeMemory(), "jvm_memory_type", "heap");
    out.gauge("process.uptime", "s", "Since the start of the process.");
    out.sample(uptime.seconds());
  }
}

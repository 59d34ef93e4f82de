package dev.pannier.collector.admin;

import dev.pannier.collector.buffer.BufferStatus;
import dev.pannier.collector.buffer.Ledger;
import dev.pannier.collector.dispatch.ShipperStatus;
import dev.pannier.collector.metrics.Counter;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// `/status`.
final class StatusPage {
  /// Files a source, those with most lag.
  static final int MOST_FILES = 100;

  private final View view;
  private final Uptime uptime;

  StatusPage(View view, Uptime uptime) {
    this.view = view;
    this.uptime = uptime;
  }

  byte[] render() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
    try (JsonGenerator out =
        new JsonFactory().createGenerator(ObjectWriteContext.empty(), bytes, JsonEncoding.UTF8)) {
      out.writeStartObject();
      out.writeStringProperty("version", view.version());
      out.writeNumberProperty("uptime_seconds", Math.round(uptime.seconds() * 1000) / 1000.0);
      out.writeObjectPropertyStart("memory");
      out.writeNumberProperty("limit_bytes", view.budget().limitBytes());
      out.writeNumberProperty("held_bytes", view.budget().heldBytes());
      out.writeEndObject();
      write(out, view.reload().get());
      BufferStatus buffer = view.buffer().get();
      if (buffer != null) {
        write(out, buffer);
      }
      out.writeArrayPropertyStart("sources");
      for (SourceStatus source : view.sources().get()) {
        write(out, source);
      }
      out.writeEndArray();
      out.writeArrayPropertyStart("shippers");
      for (ShipperStatus shipper : view.shippers().get()) {
        write(out, shipper);
      }
      out.writeEndArray();
      out.writeArrayPropertyStart("ledger");
      for (Ledger.Row row : view.ledger().snapshot()) {
        write(out, row);
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static void write(JsonGenerator out, ReloadStatus reload) {
    Instant time = reload.time();
    out.writeObjectPropertyStart("reload");
    out.writeStringProperty("outcome", reload.outcome().label());
    out.writeStringProperty("time", time == null ? "" : time.toString());
    out.writeNumberProperty("applied", reload.applied());
    out.writeNumberProperty("refused", reload.refused());
    write(out, "changes", reload.changes());
    write(out, "problems", reload.problems());
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, String name, List<String> lines) {
    out.writeArrayPropertyStart(name);
    lines.forEach(out::writeString);
    out.writeEndArray();
  }

  private static void write(JsonGenerator out, BufferStatus buffer) {
    out.writeObjectPropertyStart("buffer");
    out.writeNumberProperty("bytes", buffer.bytes());
    out.writeNumberProperty("max_bytes", buffer.maxBytes());
    out.writeNumberProperty("segments", buffer.segments());
    out.writeNumberProperty("oldest_seconds", buffer.oldestSeconds());
    out.writeNumberProperty("damaged_bytes", buffer.damagedBytes());
    out.writeStringProperty("problem", buffer.problem());
    out.writeStringProperty("former_directory", buffer.formerDirectory());
    out.writeEndObject();
  }

  private void write(JsonGenerator out, SourceStatus source) {
    out.writeStartObject();
    out.writeStringProperty("name", source.name());
    out.writeNumberProperty("records", view.metrics().value(Counter.SOURCE_RECORDS, source.name()));
    out.writeNumberProperty("bytes", view.metrics().value(Counter.SOURCE_BYTES, source.name()));
    out.writeNumberProperty("lag_bytes", source.lagBytes());
    out.writeNumberProperty(
        "lost_bytes", view.metrics().value(Counter.SOURCE_LOST_BYTES, source.name()));
    out.writeNumberProperty("files_total", source.files().size());
    out.writeArrayPropertyStart("files");
    Comparator<SourceStatus.File> mostLagFirst =
        Comparator.comparingLong(SourceStatus.File::lagBytes)
            .reversed()
            .thenComparing(SourceStatus.File::path);
    List<SourceStatus.File> shown =
        source.files().stream().sorted(mostLagFirst).limit(MOST_FILES).toList();
    for (SourceStatus.File file : shown) {
      out.writeStartObject();
      out.writeStringProperty("path", file.path());
      out.writeNumberProperty("position_bytes", file.positionBytes());
      out.writeNumberProperty("size_bytes", file.sizeBytes());
      out.writeNumberProperty("lag_bytes", file.lagBytes());
      out.writeStringProperty("problem", file.problem());
      out.writeEndObject();
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, ShipperStatus shipper) {
    out.writeStartObject();
    out.writeStringProperty("name", shipper.name());
    out.writeStringProperty("state", shipper.state().label());
    out.writeNumberProperty("records", shipper.records());
    out.writeNumberProperty("in_flight", shipper.openRecords());
    out.writeNumberProperty("in_flight_batches", shipper.inFlightBatches());
    out.writeStringProperty("last_error", shipper.lastError());
    out.writeNumberProperty("failing_seconds", shipper.failingSeconds());
    ShipperStatus.Circuit circuit = shipper.circuit();
    if (circuit != null) {
      out.writeObjectPropertyStart("circuit");
      out.writeStringProperty("state", circuit.state().label());
      out.writeStringProperty("reason", circuit.reason());
      out.writeNumberProperty("openings", circuit.openings());
      out.writeStringProperty("fallback", circuit.fallback());
      out.writeEndObject();
    }
    out.writeEndObject();
  }

  private void write(JsonGenerator out, Ledger.Row row) {
    out.writeStartObject();
    out.writeStringProperty("source", row.source());
    out.writeStringProperty("shipper", row.shipper());
    write(out, row.records(), "");
    write(out, row.bytes(), "_bytes");
    // Never read, so in none of the sums.
    out.writeNumberProperty(
        "lost_bytes", view.metrics().value(Counter.SOURCE_LOST_BYTES, row.source()));
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, Ledger.Amounts amounts, String suffix) {
    out.writeNumberProperty("read" + suffix, amounts.read());
    out.writeNumberProperty("shipped" + suffix, amounts.shipped());
    out.writeNumberProperty("filtered" + suffix, amounts.filtered());
    out.writeNumberProperty("rejected" + suffix, amounts.rejected());
    out.writeNumberProperty("dead_lettered" + suffix, amounts.deadLettered());
    out.writeNumberProperty("fallback" + suffix, amounts.fellBack());
    out.writeNumberProperty("dropped" + suffix, amounts.dropped());
    out.writeNumberProperty("in_flight" + suffix, amounts.inFlight());
  }
}

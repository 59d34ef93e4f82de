package dev.pannier.shippers.encoding;

import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.RecordReader;
import dev.pannier.shippers.batch.Signal;

/// A record as one flat JSON object: a log record by [FlatLog], a span by [FlatSpan], a metric's
/// data point by [FlatPoint]. Attributes and those of the resource are members beside the standard
/// fields; a value that is a map or an array is nested JSON. Where a name is taken, the standard
/// field has it, then the resource's attribute (another gets the prefix `resource.`), then the
/// record's (another gets the prefix `attributes.`). `log.record.original` is left out.
final class FlatJson {
  private final FlatLog log;
  private final FlatSpan span = new FlatSpan();
  private final FlatPoint point = new FlatPoint();

  FlatJson(FieldNames names) {
    this.log = new FlatLog(names);
  }

  /// Appends the object of the record that `reader` stands on.
  void write(Signal signal, RecordReader reader, RecordView record, ByteOutput out) {
    switch (signal) {
      case LOGS -> log.write(reader, record, out);
      case TRACES -> span.write(reader, record, out);
      case METRICS -> point.write(reader, record, out);
    }
  }
}

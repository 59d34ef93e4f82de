package dev.pannier.shippers.batch;

/// Copies a request without some of its records, and without what holds none any more.
///
/// Where records lie, as field numbers from the request down:
/// ```
/// logs, traces   1 resource_logs, resource_spans ▸ 2 scope_logs, scope_spans ▸ 2 record
/// metrics        1 resource_metrics ▸ 2 scope_metrics ▸ 2 metric
///                  ▸ 5 gauge, 7 sum, 9 histogram, 10 exponential_histogram, 11 summary ▸ 1 point
/// ```
final class Selection {
  /// Which records to take.
  @FunctionalInterface
  interface Chooser {
    /// @param record its number
    /// @param bytes  its size
    boolean takes(int record, int bytes);
  }

  private final Chooser chooser;
  private int seen;
  private int selected;

  Selection(Chooser chooser) {
    this.chooser = chooser;
  }

  int selected() {
    return selected;
  }

  Output copy(Batch batch) {
    Output out = new Output(batch.length());
    int recordLevel = batch.signal() == Signal.METRICS ? 4 : 2;
    copy(batch.bytes(), batch.offset(), batch.offset() + batch.length(), 0, recordLevel, out);
    return out;
  }

  private void copy(byte[] bytes, int start, int end, int level, int recordLevel, Output out) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      int length = fields.end() - fields.valueStart();
      if (!leadsToRecords(fields, level)) {
        out.copy(bytes, fields.start(), fields.end());
      } else if (level == recordLevel) {
        if (chooser.takes(seen, length)) {
          out.copy(bytes, fields.start(), fields.end());
          selected++;
        }
        seen++;
      } else {
        int before = out.size();
        int selectedBefore = selected;
        int content = out.begin(fields.tag(), length);
        copy(bytes, fields.valueStart(), fields.end(), level + 1, recordLevel, out);
        out.end(content, length);
        if (selected == selectedBefore) {
          out.truncate(before);
        }
      }
    }
  }

  private static boolean leadsToRecords(Fields fields, int level) {
    if (fields.wireType() != Fields.LENGTH) {
      return false;
    }
    return switch (level) {
      case 0, 4 -> fields.number() == 1;
      case 1, 2 -> fields.number() == 2;
      default ->
          switch (fields.number()) {
            case 5, 7, 9, 10, 11 -> true;
            default -> false;
          };
    };
  }
}

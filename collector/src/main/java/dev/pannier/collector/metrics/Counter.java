package dev.pannier.collector.metrics;

/// What is counted, since the process started. The labels of a counter are its owner (a source, a
/// shipper or nobody) and, where it has one, a reason from a fixed list; never a file.
public enum Counter {
  /// Records that a source has read or received, before processors.
  SOURCE_RECORDS("pannier.source.records", "{record}", Owner.SOURCE, "Records read or received."),
  /// Bytes of the log files that records were made from, or of requests' bodies after
  /// decompression.
  SOURCE_BYTES("pannier.source.bytes", "By", Owner.SOURCE, "Bytes read or received."),
  /// Records that a processor dropped.
  SOURCE_FILTERED(
      "pannier.source.filtered_records",
      "{record}",
      Owner.SOURCE,
      "Records dropped by a processor."),
  /// Records of a signal that no shipper takes.
  SOURCE_UNROUTED(
      "pannier.source.unrouted_records",
      "{record}",
      Owner.SOURCE,
      "Records of a signal that no shipper takes."),
  /// Records shipped as they are because their parser gave up; the reason is the parser's.
  SOURCE_UNPARSED(
      "pannier.source.unparsed_records", "{record}", Owner.SOURCE, "Records shipped unparsed."),
  /// Records above `max_record`; the reason says what was done (`split`, `truncate`, `drop`).
  SOURCE_OVERSIZE(
      "pannier.source.oversize_records", "{record}", Owner.SOURCE, "Records above max_record."),
  /// Records in which bytes that are not of the source's charset were replaced.
  SOURCE_BAD_CHARACTERS(
      "pannier.source.replaced_records", "{record}", Owner.SOURCE, "Records with replaced bytes."),
  /// Bytes of log files that were gone before they could be read.
  SOURCE_LOST_BYTES(
      "pannier.source.lost", "By", Owner.SOURCE, "Bytes that vanished before they were read."),
  /// NUL bytes that a log file began with: the hole before the place where an application that does
  /// not append went on after copytruncate.
  SOURCE_HOLE_BYTES(
      "pannier.source.hole", "By", Owner.SOURCE, "Leading NUL bytes that were passed over."),
  /// Rotated files that were shipped and deleted (`after_shipped: delete`).
  SOURCE_DELETED_FILES(
      "pannier.source.deleted_files", "{file}", Owner.SOURCE, "Shipped files that were deleted."),
  /// Requests refused, by reason (`memory`, `connections`, `too_large`, `invalid`, `nowhere`, `buffer`, `timeout`, `shutdown`).
  SOURCE_REFUSED_REQUESTS(
      "pannier.source.refused_requests", "{request}", Owner.SOURCE, "Requests refused."),
  /// Records of a received request that were refused on their own (`partial_success`).
  SOURCE_REFUSED_RECORDS(
      "pannier.source.refused_records", "{record}", Owner.SOURCE, "Records refused with a reason."),
  /// Records that a destination has confirmed.
  SHIPPER_RECORDS("pannier.shipper.records", "{record}", Owner.SHIPPER, "Records confirmed."),
  /// Bytes of the batches (as OTLP) that a destination has confirmed.
  SHIPPER_BYTES("pannier.shipper.bytes", "By", Owner.SHIPPER, "Bytes of OTLP confirmed."),
  /// Records that a destination refused for good.
  SHIPPER_REJECTED(
      "pannier.shipper.rejected_records", "{record}", Owner.SHIPPER, "Records refused for good."),
  /// Records that the disk buffer gave up before this shipper had them (`full`, `damaged`).
  SHIPPER_DROPPED(
      "pannier.shipper.dropped_records",
      "{record}",
      Owner.SHIPPER,
      "Records given up by the buffer."),
  /// Records that a destination refused for good, and that are kept as dead letters.
  SHIPPER_DEAD_LETTERS(
      "pannier.shipper.dead_letters", "{record}", Owner.SHIPPER, "Refused records that were kept."),
  /// Records that went to the shipper's fallback.
  SHIPPER_FELL_BACK(
      "pannier.shipper.fallback_records", "{record}", Owner.SHIPPER, "Records that fell back."),
  /// Records cut to fit the destination's limit.
  SHIPPER_TRUNCATED(
      "pannier.shipper.truncated_records", "{record}", Owner.SHIPPER, "Records cut to fit."),
  /// Batches that a destination took with a warning.
  SHIPPER_WARNINGS(
      "pannier.shipper.warnings", "{batch}", Owner.SHIPPER, "Batches taken with a warning."),
  /// Records that were read again after a restart, and that the destination had already.
  SHIPPER_REPEATS(
      "pannier.shipper.repeated_records",
      "{record}",
      Owner.SHIPPER,
      "Records that the destination had before the start."),
  /// Attempts that failed and are made again.
  SHIPPER_RETRIES("pannier.shipper.retries", "{attempt}", Owner.SHIPPER, "Attempts made again.");

  /// Whose name is the counter's label.
  public enum Owner {
    SOURCE("source"),
    SHIPPER("shipper");

    private final String label;

    Owner(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }

  private final String metric;
  private final String unit;
  private final Owner owner;
  private final String help;

  Counter(String metric, String unit, Owner owner, String help) {
    this.metric = metric;
    this.unit = unit;
    this.owner = owner;
    this.help = help;
  }

  /// OpenTelemetry's name of the metric.
  public String metric() {
    return metric;
  }

  /// Its unit, in UCUM as the semantic conventions write it.
  public String unit() {
    return unit;
  }

  public Owner owner() {
    return owner;
  }

  public String help() {
    return help;
  }
}

package dev.pannier.shippers;

/// Where a batch comes from in the disk buffer, for a shipper that stores it beside the records.
///
/// @param log      the log's id, random; 0 where there is none, and a batch's positions say all
/// @param sequence the batch's number in the log
public record Origin(long log, long sequence) {
  public static final Origin MEMORY = new Origin(0, 0);
}

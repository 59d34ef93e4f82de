package dev.pannier.collector.receipt;

/// What a shipper has not got of a source, though the source need not send it again.
///
/// @param received        whether the source receives requests, and does not read files
/// @param bufferedRecords in the disk buffer, and not shipped yet
/// @param bufferedBytes   of the source
/// @param droppedRecords  given up by a buffer since the process started
/// @param droppedBytes    of the source
public record ShipperReceipt(
    String source,
    String shipper,
    boolean received,
    long bufferedRecords,
    long bufferedBytes,
    long droppedRecords,
    long droppedBytes) {
  boolean isEmpty() {
    return bufferedRecords == 0 && bufferedBytes == 0 && droppedRecords == 0 && droppedBytes == 0;
  }
}

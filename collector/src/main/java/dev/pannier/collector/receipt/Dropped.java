package dev.pannier.collector.receipt;

import java.util.List;
import java.util.stream.Collectors;

/// Bytes of one file generation that a shipper never gets, since a buffer gave them up. Others may have got them.
///
/// @param reason  as `pannier_shipper_dropped_records_total` has it: `full`, `damaged`, `removed`
/// @param bytes   how many they are; where [#within], as far as it is known
/// @param within  whether the ranges are more than what was given up: that lies somewhere in them
/// @param ranges  in order, and apart from each other
public record Dropped(
    String shipper, String reason, long bytes, boolean within, List<ByteRange> ranges) {
  public Dropped {
    ranges = List.copyOf(ranges);
  }

  /// Where they lie, and how many they are.
  ///
  /// @param most ranges are named, and the others counted
  public String where(int most) {
    String named =
        ranges.stream().limit(most).map(ByteRange::toString).collect(Collectors.joining(", "));
    String others = ranges.size() > most ? " and " + (ranges.size() - most) + " more ranges" : "";
    return (within ? "within " : "") + named + others + " (" + bytes + ")";
  }
}

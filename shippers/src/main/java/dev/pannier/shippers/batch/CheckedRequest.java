package dev.pannier.shippers.batch;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// What [RequestCheck] found.
public sealed interface CheckedRequest {
  /// @param records    how many records the request holds, the refused ones included
  /// @param refused    the indexes of records that cannot be taken; null if there are none
  /// @param invalidIds how many of them have a trace or span id that is none
  /// @param invalidText how many of the others have text that is no UTF-8
  /// @param tooLarge   how many of the others are above the limit for a record
  record WellFormed(
      int records, @Nullable BitSet refused, int invalidIds, int invalidText, int tooLarge)
      implements CheckedRequest {}

  /// @param reason for people
  /// @param offset of the first byte that cannot be read, from the request's beginning
  record Malformed(String reason, int offset) implements CheckedRequest {}
}

package dev.pannier.shippers.batch;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What to change in a log record.
///
/// @param drop    whether the record goes; then nothing else counts
/// @param strings changes its body and the attributes that it keeps; null for no change
/// @param remove  keys of attributes that it loses, in UTF-8
/// @param add     attributes that it gets, encoded as by [AttributesEncoder#encode]
public record RecordEdit(
    boolean drop, @Nullable StringEdit strings, List<byte[]> remove, byte[] add) {
  /// The record goes.
  public static final RecordEdit DROP = new RecordEdit(true, null, List.of(), new byte[0]);
}

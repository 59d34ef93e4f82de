package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.batch.Attributes;
import dev.pannier.shippers.batch.ByteOutput;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The values of some lookups for one record after another. A value that is the same as the
/// record's before is the same String: neighbours mostly have the same.
final class LookupValues {
  private final List<Lookup> lookups;
  private final byte[][] keys;
  private final byte[][] last;
  private final @Nullable String[] values;
  private final ByteOutput scratch = new ByteOutput(64);
  private final ValueWriter writer = new ValueWriter();

  /// Of the record that was looked at last.
  private int resourceVersion = -1;

  LookupValues(List<Lookup> lookups) {
    this.lookups = List.copyOf(lookups);
    this.keys = lookups.stream().map(Lookup::keyBytes).toArray(byte[][]::new);
    this.last = new byte[keys.length][0];
    this.values = new String[keys.length];
  }

  boolean isEmpty() {
    return keys.length == 0;
  }

  /// @return null where the record has none
  @Nullable String value(int index) {
    return values[index];
  }

  /// All values, to be compared.
  List<@Nullable String> all() {
    return Arrays.asList(values.clone());
  }

  /// Looks all up in `record`.
  ///
  /// @return whether any is another than before
  boolean read(RecordView record) {
    boolean changed = false;
    boolean sameResource = record.resourceVersion() == resourceVersion;
    resourceVersion = record.resourceVersion();
    for (int i = 0; i < keys.length; i++) {
      if (sameResource && lookups.get(i).of() == Lookup.Of.RESOURCE) {
        continue;
      }
      scratch.truncate(0);
      boolean found = find(i, record);
      String before = values[i];
      if (!found) {
        changed |= before != null;
        values[i] = null;
      } else if (before == null
          || !Arrays.equals(scratch.bytes(), 0, scratch.length(), last[i], 0, last[i].length)) {
        last[i] = scratch.toBytes();
        values[i] = new String(last[i], UTF_8);
        changed = true;
      }
    }
    return changed;
  }

  private boolean find(int index, RecordView record) {
    return switch (lookups.get(index).of()) {
      case TRACE_ID -> record.traceIdHex(scratch);
      case RESOURCE -> text(record.resource(), index);
      case ATTRIBUTE -> text(record.attributes(), index);
    };
  }

  private boolean text(Attributes attributes, int index) {
    int found = attributes.find(keys[index]);
    return found >= 0
        && writer.text(
            attributes.bytes(), attributes.valueStart(found), attributes.valueEnd(found), scratch);
  }
}

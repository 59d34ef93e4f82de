package dev.pannier.shippers.batch;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes requests of some of a request's records. What is kept is copied byte for byte, unknown
/// fields included; a resource, scope or metric with no record left is left out. A record's index
/// is its place in the order of the bytes, from 0.
public final class Splitter {
  /// Of a resource and a scope, mostly.
  private static final int SHARED_BYTES = 1024;

  private final byte[] bytes;
  private final BitSet kept;
  private final ByteOutput out;
  private int index;
  private int written;

  private Splitter(Batch batch, BitSet kept) {
    this.bytes = batch.bytes();
    this.kept = kept;
    long share = (long) batch.length() * kept.cardinality() / Math.max(1, batch.records());
    this.out = new ByteOutput((int) Math.min(batch.length(), share + SHARED_BYTES));
  }

  /// Only the records with these indexes.
  ///
  /// @return the same batch where that is all of them; null where it is none
  public static @Nullable Batch select(Batch batch, BitSet records) {
    if (records.nextClearBit(0) >= batch.records()) {
      return batch;
    }
    Splitter splitter = new Splitter(batch, records);
    splitter.copy(Schema.request(batch.signal()), batch.offset(), batch.offset() + batch.length());
    if (splitter.written == 0) {
      return null;
    }
    // What is kept of it is counted by its length.
    byte[] selected = splitter.out.toBytes();
    return batch.with(selected, 0, selected.length, splitter.written);
  }

  /// All records but those with these indexes.
  ///
  /// @return the same batch where none is to go; null where none is left
  public static @Nullable Batch without(Batch batch, BitSet records) {
    if (records.isEmpty()) {
      return batch;
    }
    BitSet kept = (BitSet) records.clone();
    kept.flip(0, batch.records());
    return select(batch, kept);
  }

  /// Two batches with half of the records each, in order; the same batch alone if it has fewer
  /// than two records.
  public static List<Batch> halves(Batch batch) {
    int half = batch.records() / 2;
    if (half == 0) {
      return List.of(batch);
    }
    BitSet first = new BitSet();
    first.set(0, half);
    BitSet second = new BitSet();
    second.set(half, batch.records());
    List<Batch> halves = new ArrayList<>(2);
    for (BitSet records : List.of(first, second)) {
      Batch part = select(batch, records);
      if (part != null) {
        halves.add(part);
      }
    }
    return halves;
  }

  /// Cuts the values of a batch that holds a single record until it takes at most `maxBytes`.
  ///
  /// @return null where that cannot be done: its resource and scope alone are larger
  public static @Nullable Batch truncate(Batch batch, int maxBytes) {
    return Truncation.truncate(batch, maxBytes);
  }

  /// @return whether the message held records, and none of them is kept
  private boolean copy(MessageType type, int start, int end) {
    FieldReader fields = new FieldReader().over(bytes, start, end);
    boolean had = false;
    boolean has = false;
    // Neighbours that are kept are copied at once.
    int from = start;
    while (fields.next()) {
      MessageType.Field field = type.field(fields.number());
      if (field == null
          || field.kind() != MessageType.Kind.MESSAGE
          || fields.wireType() != FieldReader.BYTES) {
        continue;
      }
      MessageType inner = field.message();
      if (inner.isRecord) {
        had = true;
        if (kept.get(index++)) {
          has = true;
          written++;
        } else {
          out.write(bytes, from, fields.fieldStart() - from);
          from = fields.end();
        }
      } else if (inner.holdsRecords()) {
        out.write(bytes, from, fields.fieldStart() - from);
        from = fields.end();
        int before = out.length();
        long opened = out.open(fields.number(), fields.end() - fields.start());
        int indexBefore = index;
        boolean isEmptied = copy(inner, fields.start(), fields.end());
        had |= index > indexBefore;
        if (isEmptied) {
          out.truncate(before);
        } else {
          out.close(opened);
          has |= index > indexBefore;
        }
      }
    }
    out.write(bytes, from, end - from);
    return had && !has;
  }
}

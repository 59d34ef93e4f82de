package dev.pannier.shippers.encoding;

import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.OtlpJsonWriter;
import dev.pannier.shippers.batch.OutputFullException;
import dev.pannier.shippers.batch.RecordReader;
import dev.pannier.shippers.batch.Splitter;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes the messages of a batch, one after the other:
///
/// ```
/// encoder.start(batch);
/// while (encoder.next()) {
///   send(encoder.value(), encoder.valueOffset(), encoder.valueLength());
/// }
/// ```
///
/// With [Encoding#JSON] and [Encoding#RAW] a message is one record. With an OTLP encoding it is the
/// batch, or, where the looked-up values differ among its records, a message for each combination
/// of them, in the order of the first records: what a message is keyed or routed by holds for all
/// that is in it. (`trace_id` makes a message a trace, and gives up the batch's size.)
///
/// A message of several records is made up to a bound only ([#isTooLarge]): a request takes more bytes in
/// OTLP's JSON mapping than in protobuf, how many is not known before.
///
/// Not thread-safe; used again, it allocates nothing for a record. A batch whose bytes are broken
/// ends where they break.
public final class MessageEncoder {
  /// What stays allocated between batches.
  private static final int KEPT_BYTES = 256 * 1024;

  private static final byte[] NOTHING = {};

  private final Encoding encoding;
  private final int mostBytes;
  private final LookupValues lookups;
  private final RecordReader reader = new RecordReader();
  private final RecordView record = new RecordView();
  private final ByteOutput out = new ByteOutput(1024);
  private final ByteOutput traceparent = new ByteOutput(64);
  private final OtlpJsonWriter otlpJson = new OtlpJsonWriter();
  private final FlatJson flatJson;
  private final RawLine rawLine = new RawLine();

  private @Nullable Batch batch;
  private @Nullable Iterator<Map.Entry<List<@Nullable String>, BitSet>> groups;
  private @Nullable List<@Nullable String> group;
  private @Nullable BitSet groupRecords;
  private boolean isDone = true;

  private byte[] value = NOTHING;
  private int valueOffset;
  private int valueLength;
  private boolean isTooLarge;

  /// @param names   of [Encoding#JSON]
  /// @param lookups what [#lookup] is to answer; empty for nothing
  public MessageEncoder(Encoding encoding, FieldNames names, List<Lookup> lookups) {
    this(encoding, names, lookups, Integer.MAX_VALUE);
  }

  /// @param names     of [Encoding#JSON]
  /// @param lookups   what [#lookup] is to answer; empty for nothing
  /// @param mostBytes that a message of several records is made of
  public MessageEncoder(Encoding encoding, FieldNames names, List<Lookup> lookups, int mostBytes) {
    this.encoding = encoding;
    this.mostBytes = mostBytes;
    this.lookups = new LookupValues(lookups);
    this.flatJson = new FlatJson(names);
  }

  /// Begins with a batch, of any signal.
  public void start(Batch batch) {
    this.batch = batch;
    reader.over(batch);
    record.forget();
    groups = null;
    group = null;
    groupRecords = null;
    isDone = false;
    if (!isRecord() && !lookups.isEmpty()) {
      regroup(batch);
    }
  }

  private void regroup(Batch batch) {
    Map<List<@Nullable String>, BitSet> byValues = null;
    boolean isFirst = true;
    while (reader.next()) {
      record.over(batch.signal(), reader);
      boolean changed = lookups.read(record);
      if (byValues == null && changed && !isFirst) {
        // The first that differs: all before it are alike, and their values were kept.
        byValues = new LinkedHashMap<>();
        BitSet before = new BitSet();
        before.set(0, reader.index());
        byValues.put(group == null ? List.of() : group, before);
      }
      if (byValues != null) {
        byValues.computeIfAbsent(lookups.all(), values -> new BitSet()).set(reader.index());
      } else if (isFirst) {
        group = lookups.all();
      }
      isFirst = false;
    }
    if (byValues != null) {
      groups = byValues.entrySet().iterator();
    }
  }

  /// Makes the next message.
  ///
  /// @return false after the last one
  public boolean next() {
    Batch all = batch;
    if (all == null || isDone) {
      return end();
    }
    if (!isRecord()) {
      return nextRequest(all);
    }
    if (!reader.next()) {
      return end();
    }
    record.over(all.signal(), reader);
    lookups.read(record);
    if (encoding == Encoding.RAW) {
      rawLine.of(record, out);
      value(rawLine.bytes(), rawLine.start(), rawLine.end() - rawLine.start());
    } else {
      out.truncate(0);
      flatJson.write(all.signal(), reader, record, out);
      value(out.bytes(), 0, out.length());
    }
    return true;
  }

  private boolean nextRequest(Batch all) {
    Iterator<Map.Entry<List<@Nullable String>, BitSet>> rest = groups;
    if (rest == null) {
      isDone = true;
      request(all);
      return true;
    }
    while (rest.hasNext()) {
      Map.Entry<List<@Nullable String>, BitSet> next = rest.next();
      group = next.getKey();
      groupRecords = next.getValue();
      Batch part = Splitter.select(all, next.getValue());
      if (part != null) {
        request(part);
        return true;
      }
    }
    return end();
  }

  private void request(Batch part) {
    isTooLarge = false;
    if (encoding == Encoding.OTLP_PROTO) {
      value(part.bytes(), part.offset(), part.length());
      return;
    }
    out.truncate(0);
    out.limit(part.records() == 1 ? Integer.MAX_VALUE : mostBytes);
    try {
      otlpJson.write(part, out);
    } catch (OutputFullException e) {
      isTooLarge = true;
      out.truncate(0);
    }
    value(out.bytes(), 0, out.length());
  }

  private boolean end() {
    isDone = true;
    batch = null;
    value = NOTHING;
    out.clear(KEPT_BYTES);
    return false;
  }

  private void value(byte[] bytes, int offset, int length) {
    value = bytes;
    valueOffset = offset;
    valueLength = length;
  }

  /// Holds the message in `[valueOffset, valueOffset + valueLength)`, until the next [#next]. JSON
  /// has no line end in it, and none at its end.
  public byte[] value() {
    return value;
  }

  public int valueOffset() {
    return valueOffset;
  }

  public int valueLength() {
    return valueLength;
  }

  /// Whether the message is none, since it would take more bytes than a message of several records may.
  public boolean isTooLarge() {
    return isTooLarge;
  }

  /// Whether each message is one record.
  public boolean isRecord() {
    return encoding == Encoding.JSON || encoding == Encoding.RAW;
  }

  /// The indexes of the batch's records that the message holds; null for all of them.
  public @Nullable BitSet records() {
    if (!isRecord()) {
      return groupRecords;
    }
    BitSet one = new BitSet();
    one.set(reader.index());
    return one;
  }

  /// The record's index in the batch, where [#isRecord].
  public int recordIndex() {
    return reader.index();
  }

  /// The value of the lookup given at this index; null where the message's records have none. Not
  /// to be trusted: it comes from whoever wrote the record.
  public @Nullable String lookup(int index) {
    List<@Nullable String> values = group;
    if (isRecord()) {
      return lookups.value(index);
    }
    return values == null || values.isEmpty() ? null : values.get(index);
  }

  /// The W3C `traceparent` of a message that is one record: `00-<trace id>-<span id>-<flags>`.
  ///
  /// @return null where the record has no trace context, and for a message of several
  public byte @Nullable [] traceparent() {
    if (!isRecord() || !record.hasTraceId() || !record.hasSpanId()) {
      return null;
    }
    traceparent.truncate(0);
    traceparent.write('0');
    traceparent.write('0');
    traceparent.write('-');
    record.traceIdHex(traceparent);
    traceparent.write('-');
    record.spanIdHex(traceparent);
    traceparent.write('-');
    traceparent.write(Character.forDigit(record.flags() >> 4, 16));
    traceparent.write(Character.forDigit(record.flags() & 0xF, 16));
    return traceparent.toBytes();
  }
}

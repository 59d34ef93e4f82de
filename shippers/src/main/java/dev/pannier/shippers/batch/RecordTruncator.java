package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Makes a batch of one record smaller by cutting its longest strings, all to the same length: a log
/// record's body and attributes, a span's attributes and those of its events and links. The record
/// gets the attribute `pannier.truncated`, which is true.
///
/// ```
/// request ▸ 1 ▸ 2 ▸ 2 record
/// LogRecord   5 body (AnyValue), 6 attributes (KeyValue)
/// Span        9 attributes (KeyValue), 11 events { 3 attributes }, 13 links { 4 attributes }
/// ```
public final class RecordTruncator {
  private static final int RECORD_LEVEL = 3;

  /// `KeyValue { 1: "pannier.truncated", 2: AnyValue { 2: true } }`
  private static final byte[] MARK = mark();

  private final boolean span;
  private final ValueEditor values;

  private RecordTruncator(boolean span, StringEdit edit) {
    this.span = span;
    this.values = new ValueEditor(edit);
  }

  /// @param batch    with one record
  /// @param maxBytes that the batch may have afterwards
  /// @return null where its strings are not what makes it large: a metric's point, or what is left
  ///     without any string is still larger
  public static @Nullable Batch truncate(Batch batch, int maxBytes) {
    if (batch.records() != 1) {
      throw new IllegalArgumentException("not one record: " + batch.records());
    }
    if (batch.signal() == Signal.METRICS) {
      return null;
    }
    Lengths lengths = new Lengths();
    rewrite(batch, lengths);
    int excess = batch.length() + 4 + MARK.length - maxBytes;
    int limit = lengths.limitThatSaves(excess);
    if (limit < 0) {
      return null;
    }
    Output out = rewrite(batch, new Cut(limit));
    return out.size() > maxBytes ? null : batch.with(out.bytes(), 0, out.size(), 1);
  }

  private static Output rewrite(Batch batch, StringEdit edit) {
    Output out = new Output(batch.length() + 64);
    RecordTruncator truncator = new RecordTruncator(batch.signal() == Signal.TRACES, edit);
    truncator.copy(batch.bytes(), batch.offset(), batch.offset() + batch.length(), 0, out);
    return out;
  }

  private void copy(byte[] bytes, int start, int end, int level, Output out) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      int from = fields.valueStart();
      int length = fields.end() - from;
      boolean deeper = level < RECORD_LEVEL && fields.is(level == 0 ? 1 : 2, Fields.LENGTH);
      if (deeper) {
        int content = out.begin(fields.tag(), length);
        copy(bytes, from, fields.end(), level + 1, out);
        out.end(content, length);
      } else if (level == RECORD_LEVEL) {
        copyField(fields, bytes, out);
      } else {
        out.copy(bytes, fields.start(), fields.end());
      }
    }
    if (level == RECORD_LEVEL) {
      out.field(attributes() << 3 | Fields.LENGTH, MARK, 0, MARK.length);
    }
  }

  private void copyField(Fields fields, byte[] bytes, Output out) {
    if (fields.wireType() != Fields.LENGTH) {
      out.copy(bytes, fields.start(), fields.end());
    } else if (span && (fields.number() == 11 || fields.number() == 13)) {
      copyAttributes(fields, bytes, fields.number() == 11 ? 3 : 4, out);
    } else if (fields.number() == attributes()) {
      if (!isMark(fields, bytes)) {
        copyAttribute(fields, bytes, out);
      }
    } else if (!span && fields.number() == 5) {
      int length = fields.end() - fields.valueStart();
      int content = out.begin(fields.tag(), length);
      values.copyValue(bytes, fields.valueStart(), fields.end(), out);
      out.end(content, length);
    } else {
      out.copy(bytes, fields.start(), fields.end());
    }
  }

  private void copyAttributes(Fields of, byte[] bytes, int number, Output out) {
    int length = of.end() - of.valueStart();
    int content = out.begin(of.tag(), length);
    Fields fields = new Fields(bytes, of.valueStart(), of.end());
    while (fields.next()) {
      if (fields.is(number, Fields.LENGTH)) {
        copyAttribute(fields, bytes, out);
      } else {
        out.copy(bytes, fields.start(), fields.end());
      }
    }
    out.end(content, length);
  }

  private void copyAttribute(Fields of, byte[] bytes, Output out) {
    int length = of.end() - of.valueStart();
    int content = out.begin(of.tag(), length);
    values.copyKeyValue(bytes, of.valueStart(), of.end(), out);
    out.end(content, length);
  }

  /// A record that was cut before has the mark already.
  private static boolean isMark(Fields of, byte[] bytes) {
    return Arrays.equals(bytes, of.valueStart(), of.end(), MARK, 0, MARK.length);
  }

  private int attributes() {
    return span ? 9 : 6;
  }

  private static byte[] mark() {
    byte[] key = "pannier.truncated".getBytes(US_ASCII);
    byte[] isTrue = {2 << 3 | Fields.VARINT, 1};
    Output out = new Output(32);
    out.field(1 << 3 | Fields.LENGTH, key, 0, key.length);
    out.field(2 << 3 | Fields.LENGTH, isTrue, 0, isTrue.length);
    return out.toByteArray();
  }

  /// Changes nothing, but learns how long the strings are.
  private static final class Lengths implements StringEdit {
    private int[] lengths = new int[16];
    private int count;

    @Override
    public boolean changes(byte[] bytes, int start, int end) {
      if (count == lengths.length) {
        lengths = Arrays.copyOf(lengths, 2 * count);
      }
      lengths[count] = end - start;
      count++;
      return false;
    }

    @Override
    public void write(byte[] bytes, int start, int end, ByteArrayOutputStream out) {
      throw new IllegalStateException("nothing changes");
    }

    /// @return the largest length such that cutting all longer strings to it saves `excess` bytes;
    ///     -1 where that cannot be
    int limitThatSaves(long excess) {
      int low = -1;
      int high = Arrays.stream(lengths, 0, count).max().orElse(0);
      // Cutting to `low` is known to save enough, or nothing is; cutting above `high` is not tried.
      while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (saved(middle) >= excess) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      return low;
    }

    private long saved(int limit) {
      long saved = 0;
      for (int i = 0; i < count; i++) {
        saved += Math.max(0, lengths[i] - limit);
      }
      return saved;
    }
  }

  /// Cuts longer strings, between characters.
  private record Cut(int limit) implements StringEdit {
    @Override
    public boolean changes(byte[] bytes, int start, int end) {
      return end - start > limit;
    }

    @Override
    public void write(byte[] bytes, int start, int end, ByteArrayOutputStream out) {
      int cut = start + limit;
      while (cut > start && (bytes[cut] & 0xC0) == 0x80) {
        cut--;
      }
      out.write(bytes, start, cut - start);
    }
  }
}

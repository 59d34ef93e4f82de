package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Cuts one record to fit: first its longest texts, all to the same length, which is the longest
/// that fits; where that is not enough, all that it repeats (attributes, events, links, exemplars)
/// goes. The attribute `pannier.truncated` tells.
final class Truncation {
  private static final byte[] MARK = mark();
  private static final byte[] ATTRIBUTES = "attributes".getBytes(UTF_8);
  private static final int MAX_DEPTH = 100;

  /// Tag and length of the mark, and the lengths that grow with it.
  private static final int HEADS = 10;

  private final Batch batch;
  private final MessageType recordType;

  /// The lengths of the record's texts.
  private int[] lengths = new int[16];

  private int count;

  private Truncation(Batch batch, MessageType recordType) {
    this.batch = batch;
    this.recordType = recordType;
  }

  static @Nullable Batch truncate(Batch batch, int maxBytes) {
    if (batch.length() <= maxBytes) {
      return batch;
    }
    RecordReader reader = new RecordReader().over(batch);
    if (!reader.next()) {
      return null;
    }
    Truncation truncation = new Truncation(batch, reader.recordType());
    truncation.collect(reader.recordType(), reader.recordStart(), reader.recordEnd(), 0);
    ByteOutput out = new ByteOutput(Math.max(0, maxBytes));
    int atMost = truncation.textLength(batch.length() + MARK.length + HEADS - maxBytes);
    if (atMost >= 0) {
      truncation.write(out, Schema.request(batch.signal()), batch.offset(), end(batch), atMost, 0);
      if (out.length() <= maxBytes) {
        return batch.with(out.bytes(), 0, out.length(), 1);
      }
    }
    out.truncate(0);
    truncation.write(out, Schema.request(batch.signal()), batch.offset(), end(batch), -1, 0);
    return out.length() <= maxBytes ? batch.with(out.bytes(), 0, out.length(), 1) : null;
  }

  private static int end(Batch batch) {
    return batch.offset() + batch.length();
  }

  private static byte[] mark() {
    byte[] key = "pannier.truncated".getBytes(UTF_8);
    ByteOutput out = new ByteOutput(64);
    out.field(1, key, 0, key.length);
    out.field(2, new byte[] {0x10, 1}, 0, 2);
    return out.toBytes();
  }

  private void collect(MessageType type, int start, int end, int depth) {
    FieldReader fields = new FieldReader().over(batch.bytes(), start, end);
    while (depth < MAX_DEPTH && fields.next()) {
      MessageType.Field field = type.field(fields.number());
      if (field == null || fields.wireType() != FieldReader.BYTES) {
        continue;
      }
      if (field.kind() == MessageType.Kind.MESSAGE) {
        collect(field.message(), fields.start(), fields.end(), depth + 1);
      } else if (isText(type, field)) {
        if (count == lengths.length) {
          lengths = Arrays.copyOf(lengths, 2 * count);
        }
        lengths[count++] = fields.end() - fields.start();
      }
    }
  }

  /// A key is no text to be cut, nor is a trace state.
  private static boolean isText(MessageType type, MessageType.Field field) {
    boolean isValue =
        field.kind() == MessageType.Kind.STRING || field.kind() == MessageType.Kind.BYTES;
    return isValue && type != Schema.KEY_VALUE && !field.name().equals("traceState");
  }

  /// @return the length to which texts have to be cut so that `excess` bytes go; -1 where there
  ///     is not that much text
  private int textLength(int excess) {
    int low = -1;
    int high = 0;
    for (int i = 0; i < count; i++) {
      high = Math.max(high, lengths[i]);
    }
    while (low < high) {
      int middle = low + (high - low + 1) / 2;
      long saved = 0;
      for (int i = 0; i < count; i++) {
        saved += Math.max(0, lengths[i] - middle);
      }
      if (middle >= 0 && saved >= excess) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// @param atMost the length for texts; -1 to leave out all that the record repeats, and to cut
  ///     its texts to nothing
  private void write(ByteOutput out, MessageType type, int start, int end, int atMost, int depth) {
    FieldReader fields = new FieldReader().over(batch.bytes(), start, end);
    while (fields.next()) {
      MessageType.Field field = type.field(fields.number());
      if (field == null || fields.wireType() != FieldReader.BYTES) {
        out.write(batch.bytes(), fields.fieldStart(), fields.end() - fields.fieldStart());
      } else if (type != recordType || !field.repeated() || (atMost >= 0 && !isMark(fields))) {
        write(out, type, field, fields, atMost, depth);
      }
    }
    if (type == recordType) {
      out.field(attributesOf(recordType), MARK, 0, MARK.length);
    }
  }

  private void write(
      ByteOutput out,
      MessageType type,
      MessageType.Field field,
      FieldReader fields,
      int atMost,
      int depth) {
    byte[] bytes = batch.bytes();
    int from = fields.start();
    int end = fields.end();
    boolean inRecord = type == recordType || !type.holdsRecords();
    if (field.kind() == MessageType.Kind.MESSAGE
        && depth < MAX_DEPTH
        && (inRecord || field.message().isRecord || field.message().holdsRecords())) {
      long opened = out.open(fields.number(), end - from);
      write(out, field.message(), from, end, atMost, depth + 1);
      out.close(opened);
    } else if (inRecord && isText(type, field)) {
      int length = Math.min(end - from, Math.max(0, atMost));
      if (field.kind() == MessageType.Kind.STRING) {
        length = cut(bytes, from, end, length);
      }
      out.field(fields.number(), bytes, from, length);
    } else {
      out.write(bytes, fields.fieldStart(), end - fields.fieldStart());
    }
  }

  /// A record that was cut before has the mark already.
  private boolean isMark(FieldReader fields) {
    return Arrays.equals(batch.bytes(), fields.start(), fields.end(), MARK, 0, MARK.length);
  }

  private static int attributesOf(MessageType type) {
    MessageType.Field attributes = type.field(ATTRIBUTES, ATTRIBUTES.length);
    return attributes == null ? 0 : attributes.number();
  }

  /// @return `length`, or a little less so that no character of UTF-8 is cut in two
  private static int cut(byte[] bytes, int start, int end, int length) {
    int cut = start + length;
    if (cut < end) {
      for (int back = 0; back < 3 && cut > start && (bytes[cut] & 0xC0) == 0x80; back++) {
        cut--;
      }
    }
    return cut - start;
  }
}

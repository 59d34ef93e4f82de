package dev.pannier.collector.buffer.disk;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A record's bytes, as the package draws them. Offsets are from the record's beginning.
final class RecordFormat {
  /// Length and checksum.
  static final int PREFIX_BYTES = 8;

  static final int SEQUENCE = 8;
  static final int APPENDED = 16;
  static final int SIGNAL = 24;
  static final int RECORDS = 25;
  static final int SOURCE_BYTES = 29;
  static final int SOURCE_LENGTH = 37;
  static final int KEY_LENGTH = 39;
  static final int POSITIONS_LENGTH = 41;

  /// From version 2 on.
  static final int SYNCED = 43;

  /// From version 3 on.
  private static final int REQUEST_BYTES = 51;

  private static final int HEAD_BYTES = 55;

  /// Source, key and positions together: a head always fits into a window.
  static final int MAX_NAMES_BYTES = 16 * 1024;

  private RecordFormat() {}

  /// The bytes before the names, in a segment of this version.
  static int headBytes(int version) {
    return switch (version) {
      case 1 -> SYNCED;
      case 2 -> REQUEST_BYTES;
      default -> HEAD_BYTES;
    };
  }

  /// The room that [#read] needs for a record, as far as one can tell before it was verified.
  ///
  /// @param length the bytes behind its checksum
  static int room(ByteBuffer record, int in, int length, int version) {
    if (version < 3) {
      return length;
    }
    int request = record.getInt(in + REQUEST_BYTES);
    return request < 0 ? length : Math.max(length, Repeats.room(request));
  }

  /// @param in where the record begins
  static int namesBytes(ByteBuffer record, int in) {
    return Short.toUnsignedInt(record.getShort(in + SOURCE_LENGTH))
        + Short.toUnsignedInt(record.getShort(in + KEY_LENGTH))
        + Short.toUnsignedInt(record.getShort(in + POSITIONS_LENGTH));
  }

  static int signalNumber(Signal signal) {
    return switch (signal) {
      case LOGS -> 0;
      case TRACES -> 1;
      case METRICS -> 2;
    };
  }

  /// @return null for a number that no signal has
  static @Nullable Signal signal(int number) {
    return switch (number) {
      case 0 -> Signal.LOGS;
      case 1 -> Signal.TRACES;
      case 2 -> Signal.METRICS;
      default -> null;
    };
  }

  /// Writes everything before the payload, in the newest version; the checksum is left out.
  ///
  /// @param synced all records up to this number are synced
  /// @param payload how long the request is as it is written behind
  static void putHead(
      ByteBuffer to, Batch batch, long sequence, long appendedMillis, long synced, int payload) {
    byte[] source = batch.source().getBytes(StandardCharsets.UTF_8);
    byte[] key = batch.key().getBytes(StandardCharsets.UTF_8);
    byte[] positions = batch.positions();
    long names = (long) source.length + key.length + positions.length;
    if (names > MAX_NAMES_BYTES) {
      throw new IllegalArgumentException("source, key and positions > 16KiB: " + names);
    }
    long body = HEAD_BYTES - PREFIX_BYTES + names + payload;
    to.putInt(Math.toIntExact(body))
        .putInt(0)
        .putLong(sequence)
        .putLong(appendedMillis)
        .put((byte) signalNumber(batch.signal()))
        .putInt(batch.records())
        .putLong(batch.sourceBytes())
        .putShort((short) source.length)
        .putShort((short) key.length)
        .putShort((short) positions.length)
        .putLong(synced)
        .putInt(batch.length())
        .put(source)
        .put(key)
        .put(positions);
  }

  /// A record whose checksum is right.
  ///
  /// @param body holds what is behind the checksum in `[from, to)`, with `to` at [#room] or behind it; the batch keeps it
  /// @return null where its fields do not fit together
  static @Nullable StoredBatch read(byte[] body, int from, int to, int version, Names names) {
    StoredBatch stored = head(body, from, to, version, names);
    if (stored == null || version < 3) {
      return stored;
    }
    Batch written = stored.batch();
    int length = ByteBuffer.wrap(body).getInt(from + REQUEST_BYTES - PREFIX_BYTES);
    if (length == written.length()) {
      return stored;
    }
    return Repeats.unpack(body, written.offset(), to, length)
        ? stored.with(written.with(body, 0, length, written.records()))
        : null;
  }

  /// A record, or its beginning up to the request, with the request as it is written.
  ///
  /// @param body holds what is behind the checksum in `[from, to)`; the batch keeps it
  /// @return null where its fields do not fit together
  static @Nullable StoredBatch head(byte[] body, int from, int to, int version, Names names) {
    ByteBuffer in = ByteBuffer.wrap(body, from, to - from).slice();
    Signal signal = signal(in.get(SIGNAL - PREFIX_BYTES));
    int records = in.getInt(RECORDS - PREFIX_BYTES);
    int source = Short.toUnsignedInt(in.getShort(SOURCE_LENGTH - PREFIX_BYTES));
    int key = Short.toUnsignedInt(in.getShort(KEY_LENGTH - PREFIX_BYTES));
    int positions = Short.toUnsignedInt(in.getShort(POSITIONS_LENGTH - PREFIX_BYTES));
    int begin = from + headBytes(version) - PREFIX_BYTES;
    int payload = begin + source + key + positions;
    if (signal == null || records < 0 || payload > to) {
      return null;
    }
    Batch batch =
        new Batch(
            signal,
            body,
            payload,
            to - payload,
            records,
            names.source(body, begin, source),
            names.key(body, begin + source, key),
            Arrays.copyOfRange(body, begin + source + key, payload),
            in.getLong(SOURCE_BYTES - PREFIX_BYTES));
    return new StoredBatch(
        in.getLong(SEQUENCE - PREFIX_BYTES), in.getLong(APPENDED - PREFIX_BYTES), batch);
  }

  /// The last texts that were read: batches in a row mostly have the same. One thread.
  static final class Names {
    private String source = "";
    private byte[] sourceBytes = {};
    private String key = "";
    private byte[] keyBytes = {};

    String source(byte[] bytes, int from, int length) {
      if (!Arrays.equals(bytes, from, from + length, sourceBytes, 0, sourceBytes.length)) {
        sourceBytes = Arrays.copyOfRange(bytes, from, from + length);
        source = new String(sourceBytes, StandardCharsets.UTF_8);
      }
      return source;
    }

    String key(byte[] bytes, int from, int length) {
      if (!Arrays.equals(bytes, from, from + length, keyBytes, 0, keyBytes.length)) {
        keyBytes = Arrays.copyOfRange(bytes, from, from + length);
        key = new String(keyBytes, StandardCharsets.UTF_8);
      }
      return key;
    }
  }
}

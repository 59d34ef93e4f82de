package dev.pannier.collector.buffer.disk;

import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Goes through the records of one segment. [#find] says what comes next; a record is then taken by
/// [#read] or passed by [#skip], which both verify its checksum first; where that is wrong, or [#find] has found
/// damage, [#passDamage] goes to the next record that is whole. One thread.
public final class SegmentReader {
  /// What comes next.
  public enum Found {
    /// Nothing up to the limit.
    NOTHING,
    /// What looks like a record: [#sequence], [#room] and [#signal] are its own.
    RECORD,
    /// Bytes that cannot be a record.
    DAMAGE
  }

  private static final int WINDOW_BYTES = 64 * 1024;

  /// A longer record is verified before anybody makes room for it: its length may be damaged.
  private static final int LARGE_BYTES = 1 << 20;

  /// Numbers have gaps where batches went to memory instead, but none as large as that.
  private static final long LARGEST_GAP = 1L << 32;

  private final FileChannel channel;
  private final int version;
  private final int headBytes;
  private final CRC32C crc = new CRC32C();
  private final RecordFormat.Names names = new RecordFormat.Names();
  private final ByteBuffer window;
  private long windowFrom;
  private long position;
  private long lastSequence;
  private long sequence;
  private int length;
  private int room;
  private long synced;
  private long verified = -1;
  private Signal signal = Signal.LOGS;

  /// @param version of the segment
  SegmentReader(
      FileChannel channel, int version, ByteBuffer window, long position, long afterSequence) {
    this.channel = channel;
    this.version = version;
    this.headBytes = RecordFormat.headBytes(version);
    this.window = window.clear().limit(0);
    this.position = position;
    this.lastSequence = afterSequence;
  }

  /// What readers need one after the other; one at a time has it.
  public static ByteBuffer window() {
    return ByteBuffer.allocateDirect(WINDOW_BYTES);
  }

  /// Where the next record begins, in bytes from the segment's beginning.
  public long position() {
    return position;
  }

  /// Of the record that was found.
  public long sequence() {
    return sequence;
  }

  /// The bytes that [#read] needs for the record that was found; not verified unless there are many.
  public int room() {
    return room;
  }

  /// Of the record that was found.
  public Signal signal() {
    return signal;
  }

  /// Up to which number all was synced when the record that was found was written; `Long.MAX_VALUE` in version 1, which
  /// does not say.
  long synced() {
    return synced;
  }

  /// @param limit bytes of the segment that may be looked at
  public Found find(long limit) throws IOException {
    if (position >= limit) {
      return Found.NOTHING;
    }
    if (!looksRight(position, limit)) {
      return Found.DAMAGE;
    }
    if (room > LARGE_BYTES && verified != position) {
      if (!isWhole(position)) {
        return Found.DAMAGE;
      }
      verified = position;
    }
    return Found.RECORD;
  }

  /// What the record that was found says of itself: its batch without the payload. Not verified.
  ///
  /// @return null where its fields do not fit together
  public @Nullable StoredBatch head(long limit) throws IOException {
    int in = windowed(position, headBytes, limit);
    int bytes = headBytes - RecordFormat.PREFIX_BYTES + RecordFormat.namesBytes(window, in);
    if (bytes > length) {
      return null;
    }
    byte[] head = new byte[bytes];
    copy(position + RecordFormat.PREFIX_BYTES, head, 0, bytes);
    return RecordFormat.head(head, 0, bytes, version, names);
  }

  /// Takes the record that was found.
  ///
  /// @param body has [#room] bytes at least; the batch keeps it
  /// @return null where it is damaged
  public @Nullable StoredBatch read(byte[] body) throws IOException {
    int from = room - length;
    copy(position + RecordFormat.PREFIX_BYTES, body, from, length);
    crc.reset();
    crc.update(body, from, length);
    StoredBatch batch =
        (int) crc.getValue() == checksum(position)
            ? RecordFormat.read(body, from, room, version, names)
            : null;
    if (batch != null) {
      pass();
    }
    return batch;
  }

  /// Passes the record that was found.
  ///
  /// @return false where it is damaged
  public boolean skip() throws IOException {
    if (!isWhole(position)) {
      return false;
    }
    pass();
    return true;
  }

  /// Passes the record that was found, whatever is in it.
  public void pass() {
    position += RecordFormat.PREFIX_BYTES + length;
    lastSequence = sequence;
  }

  /// Goes to the next record that is whole, or to the limit.
  ///
  /// @return the position, behind the damage
  public long passDamage(long limit) throws IOException {
    long from = position;
    if (limit - from >= RecordFormat.PREFIX_BYTES) {
      long named = from + RecordFormat.PREFIX_BYTES + Integer.toUnsignedLong(intAt(from));
      if (named < limit && looksRight(named, limit) && isWhole(named)) {
        position = named;
        return named;
      }
    }
    for (long at = from + 1; limit - at >= headBytes; at++) {
      if (looksRight(at, limit) && isWhole(at)) {
        position = at;
        return at;
      }
    }
    position = limit;
    return limit;
  }

  private boolean looksRight(long at, long limit) throws IOException {
    if (limit - at < headBytes) {
      return false;
    }
    int in = windowed(at, headBytes, limit);
    long number = window.getLong(in + RecordFormat.SEQUENCE);
    if (number <= lastSequence || number - lastSequence > LARGEST_GAP) {
      return false;
    }
    int bytes = window.getInt(in);
    Signal found = RecordFormat.signal(window.get(in + RecordFormat.SIGNAL));
    if (bytes < headBytes - RecordFormat.PREFIX_BYTES
        || bytes > limit - at - RecordFormat.PREFIX_BYTES
        || found == null) {
      return false;
    }
    sequence = number;
    length = bytes;
    room = RecordFormat.room(window, in, bytes, version);
    signal = found;
    synced = version == 1 ? Long.MAX_VALUE : window.getLong(in + RecordFormat.SYNCED);
    return true;
  }

  /// Whether the record that looks right has the right checksum.
  private boolean isWhole(long at) throws IOException {
    int wanted = checksum(at);
    long from = at + RecordFormat.PREFIX_BYTES;
    long end = from + length;
    crc.reset();
    while (from < end) {
      int in = windowed(from, 1, end);
      int count = (int) Math.min(end - from, window.limit() - in);
      int limit = window.limit();
      crc.update(window.limit(in + count).position(in));
      window.limit(limit);
      from += count;
    }
    return (int) crc.getValue() == wanted;
  }

  private int checksum(long at) throws IOException {
    return window.getInt(windowed(at + 4, Integer.BYTES, at + RecordFormat.PREFIX_BYTES));
  }

  private int intAt(long at) throws IOException {
    return window.getInt(windowed(at, Integer.BYTES, at + Integer.BYTES));
  }

  private void copy(long at, byte[] to, int offset, int bytes) throws IOException {
    int copied = 0;
    long end = at + bytes;
    while (copied < bytes) {
      int in = windowed(at + copied, 1, end);
      int count = Math.min(bytes - copied, window.limit() - in);
      window.get(in, to, offset + copied, count);
      copied += count;
    }
  }

  /// Sees to it that `bytes` from `at` on lie in the window.
  ///
  /// @param limit nothing from there on is read
  /// @return where in the window they begin
  private int windowed(long at, int bytes, long limit) throws IOException {
    if (at < windowFrom || at + bytes > windowFrom + window.limit()) {
      int had = 0;
      try {
        windowFrom = at;
        window.clear().limit((int) Math.min(window.capacity(), limit - at));
        // What is behind them is perhaps nothing that can be read.
        while (had < bytes && channel.read(window, at + had) >= 0) {
          had = window.position();
        }
      } finally {
        window.limit(had);
      }
      if (had < bytes) {
        throw new IOException("its file ends at " + (at + had) + " bytes");
      }
    }
    return (int) (at - windowFrom);
  }
}

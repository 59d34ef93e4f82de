package dev.pannier.collector.buffer.disk;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.RecordReader;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Leaves out of an OTLP request what a record has in common with the one before it: names, paths and the uid's beginning, with
/// which the records of a file end, are more than half of their bytes. One thread.
///
/// The package draws what it makes. A repeat is looked for where both records end, and where the record before had one: that is
/// a single comparison for most.
final class Repeats {
  /// A longer request is not packed.
  private static final int MAX_BYTES = 256 * 1024;

  private static final int TOKEN_BYTES = 3 * Short.BYTES;
  private static final int MAX_SHORT = 0xFFFF;

  /// A shorter repeat is not worth its token.
  private static final int LEAST_REPEAT = 24;

  /// What a record may have of its own behind its repeat: the ids of trace and span, flags, digits.
  private static final int MOST_BEHIND = 64;

  private static final byte[] NOTHING = {};

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final RecordReader records = new RecordReader();
  private final byte[] packed = new byte[room(MAX_BYTES)];
  private int packedBytes;
  private byte[] request = NOTHING;

  /// All of the request before it is in [#packed].
  private int done;

  // Of the last record: the length of its repeat, and of what it had behind that.
  private int repeat;
  private int behind;

  /// @return whether it became shorter; [#packed] has it then
  boolean pack(Batch batch) {
    if (batch.length() > MAX_BYTES) {
      return false;
    }
    request = batch.bytes();
    done = batch.offset();
    packedBytes = 0;
    records.over(batch);
    int last = records.next() ? records.recordEnd() : 0;
    while (records.next()) {
      int end = records.recordEnd();
      int distance = end - last;
      int least = Math.max(Math.max(done, batch.offset() + distance), last);
      if (distance <= MAX_SHORT
          && (repeatsWhereTheLastDid(end, distance, least) || finds(end, distance, least))) {
        put(end - behind - repeat, repeat, distance);
      }
      last = end;
    }
    put(batch.offset() + batch.length(), 0, 0);
    request = NOTHING;
    return packedBytes < batch.length();
  }

  /// [#packedBytes] bytes from its beginning on.
  byte[] packed() {
    return packed;
  }

  int packedBytes() {
    return packedBytes;
  }

  /// The bytes that [#unpack] needs for a request of this length.
  static int room(int length) {
    return length + TOKEN_BYTES * (length / MAX_SHORT + 1);
  }

  /// Unpacks in place.
  ///
  /// @param bytes have the packed request in `[from, to)`, where `to` is [#room] of the length or more; afterwards the
  ///     request in `[0, length)`
  /// @return false where it is no packed request of this length
  static boolean unpack(byte[] bytes, int from, int to, int length) {
    int in = from;
    int out = 0;
    while (to - in >= TOKEN_BYTES) {
      int own = unsigned(bytes, in);
      int repeated = unsigned(bytes, in + Short.BYTES);
      int distance = unsigned(bytes, in + 2 * Short.BYTES);
      in += TOKEN_BYTES;
      int copy = out + own;
      if (own > to - in || repeated > distance || distance > copy || copy + repeated > in + own) {
        return false;
      }
      System.arraycopy(bytes, in, bytes, out, own);
      System.arraycopy(bytes, copy - distance, bytes, copy, repeated);
      in += own;
      out = copy + repeated;
    }
    return in == to && out == length;
  }

  /// By hand: C1 calls what a view of the array needs, each time.
  private static int unsigned(byte[] bytes, int at) {
    return ((bytes[at] & 0xFF) << Byte.SIZE) | (bytes[at + 1] & 0xFF);
  }

  /// @param least the record's first byte that can repeat the one before
  private boolean repeatsWhereTheLastDid(int end, int distance, int least) {
    int to = end - behind;
    int from = to - repeat;
    if (repeat == 0 || from < least) {
      return false;
    }
    int same = Arrays.mismatch(request, from, to, request, from - distance, to - distance);
    if (same < 0) {
      return true;
    }
    if (same < LEAST_REPEAT || to - (from + same) > Long.BYTES) {
      return false;
    }
    // A digit more is its own.
    behind = end - (from + same);
    repeat = same;
    return true;
  }

  /// Looks for the repeat that ends nearest to the record's end.
  private boolean finds(int end, int distance, int least) {
    int to = end;
    while (to - least >= LEAST_REPEAT && end - to <= MOST_BEHIND) {
      int from = to;
      while (from - least >= Long.BYTES
          && (long) LONG.get(request, from - Long.BYTES)
              == (long) LONG.get(request, from - Long.BYTES - distance)) {
        from -= Long.BYTES;
      }
      while (from > least && request[from - 1] == request[from - 1 - distance]) {
        from--;
      }
      if (to - from >= LEAST_REPEAT) {
        behind = end - to;
        repeat = to - from;
        return true;
      }
      to = from - 1;
    }
    repeat = 0;
    return false;
  }

  /// Writes what is the request's own up to here, and what it repeats from there on.
  private void put(int to, int repeated, int distance) {
    while (to - done > MAX_SHORT) {
      token(MAX_SHORT, 0, 0);
    }
    token(to - done, repeated, distance);
    done += repeated;
  }

  private void token(int own, int repeated, int distance) {
    byte[] to = packed;
    int at = packedBytes;
    to[at] = (byte) (own >> Byte.SIZE);
    to[at + 1] = (byte) own;
    to[at + 2] = (byte) (repeated >> Byte.SIZE);
    to[at + 3] = (byte) repeated;
    to[at + 4] = (byte) (distance >> Byte.SIZE);
    to[at + 5] = (byte) distance;
    at += TOKEN_BYTES;
    System.arraycopy(request, done, to, at, own);
    packedBytes = at + own;
    done += own;
  }
}

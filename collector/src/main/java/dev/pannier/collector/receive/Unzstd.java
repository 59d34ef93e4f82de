package dev.pannier.collector.receive;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.pannier.collector.buffer.MemoryBudget;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Unpacks Zstandard (RFC 8878) into memory that is reserved first and never more than a limit. A
/// body is unpacked at once, into one array: no window is held besides it, however large a frame asks
/// for one. Where a frame does not tell its size, as those of streams, it is guessed and doubled.
///
/// The native library is loaded by the first body that needs it. One thread; holds native memory.
final class Unzstd implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Unzstd.class);

  private static final int FIRST_CAPACITY = 64 * 1024;
  private static final int LIKELY_RATIO = 8;
  private static final byte[] EMPTY = {};

  private final MemoryBudget budget;
  private final int maxBytes;
  private @Nullable ZstdDecompressCtx context;
  private boolean unavailable;

  private byte[] unpacked = EMPTY;
  private int length;

  Unzstd(MemoryBudget budget, int maxBytes) {
    this.budget = budget;
    this.maxBytes = maxBytes;
  }

  /// Unpacks `in[offset, offset + inLength)`. After [Unpacking#UNPACKED] the caller owns [#bytes()],
  /// all of whose length is reserved.
  Unpacking unpack(byte[] in, int offset, int inLength) {
    forget();
    if (unavailable) {
      return Unpacking.UNAVAILABLE;
    }
    Unpacking result;
    try {
      result = frames(in, offset, inLength);
    } catch (LinkageError e) {
      LOG.warn(
          "zstd cannot load its native library from java.io.tmpdir ({}): mount a writable,"
              + " executable folder there; requests in zstd are refused until then: {}",
          System.getProperty("java.io.tmpdir"),
          e.toString());
      unavailable = true;
      result = Unpacking.UNAVAILABLE;
    }
    if (result != Unpacking.UNPACKED) {
      budget.release(unpacked.length);
      forget();
    }
    return result;
  }

  byte[] bytes() {
    return unpacked;
  }

  int length() {
    return length;
  }

  /// Lets go of what was unpacked, whose owner accounts for it.
  void forget() {
    unpacked = EMPTY;
    length = 0;
  }

  @Override
  public void close() {
    if (context != null) {
      context.close();
      context = null;
    }
  }

  private Unpacking frames(byte[] in, int offset, int inLength) {
    if (context == null) {
      context = new ZstdDecompressCtx();
    }
    // Of the first frame; negative where it is not told.
    long announced = Zstd.getFrameContentSize(in, offset, inLength);
    if (announced > maxBytes) {
      return Unpacking.TOO_LARGE;
    }
    long capacity =
        announced > 0
            ? announced
            : Math.min(maxBytes, Math.max(FIRST_CAPACITY, (long) LIKELY_RATIO * inLength));
    while (true) {
      if (!replace((int) capacity)) {
        return budget.everHas(in.length + capacity) ? Unpacking.NO_MEMORY : Unpacking.NEVER_MEMORY;
      }
      try {
        length = context.decompressByteArray(unpacked, 0, unpacked.length, in, offset, inLength);
        fit();
        return Unpacking.UNPACKED;
      } catch (ZstdException e) {
        if (e.getErrorCode() != Zstd.errDstSizeTooSmall()) {
          return Unpacking.BROKEN;
        }
        if (capacity >= maxBytes) {
          return Unpacking.TOO_LARGE;
        }
        capacity = Math.min(maxBytes, 2 * capacity);
      }
    }
  }

  /// What was guessed too large is not held for as long as the batch is, unless there is no room for both.
  private void fit() {
    if (unpacked.length - length > length / 8 && budget.tryReserve(length)) {
      int guessed = unpacked.length;
      unpacked = Arrays.copyOf(unpacked, length);
      budget.release(guessed);
    }
  }

  private boolean replace(int capacity) {
    budget.release(unpacked.length);
    unpacked = EMPTY;
    if (!budget.tryReserve(capacity)) {
      return false;
    }
    unpacked = new byte[capacity];
    return true;
  }
}

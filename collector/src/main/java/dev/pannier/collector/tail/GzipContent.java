package dev.pannier.collector.tail;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// What a gzip'd file holds (RFC 1952, any number of members); positions count the bytes before
/// compression, so those of the file that was compressed go on here.
///
/// It is read forwards. What the last read gave is kept, since the tailer asks again for what it
/// could not use; a position before that begins the file anew, through its descriptor: under its name there may be another one by now.
final class GzipContent implements Content {
  private static final int COMPRESSED_BUFFER = 8 << 10;
  private static final int SKIP_STEP = 32 << 10;

  private final Path path;
  private final FileChannel file;
  private InputStream in;

  /// Uncompressed bytes `[windowStart, windowStart + windowLength)`; the stream stands at its end.
  private byte[] window = new byte[0];

  private long windowStart;
  private int windowLength;
  private boolean ended;

  /// What it met after the bytes that it has given so far.
  private @Nullable IOException damage;

  private GzipContent(Path path, FileChannel file) throws IOException {
    this.path = path;
    this.file = file;
    in = beginning();
  }

  /// @throws IOException where it is not there, not readable or not gzip
  static GzipContent open(Path path) throws IOException {
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    try {
      return new GzipContent(path, file);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  private InputStream beginning() throws IOException {
    file.position(0);
    InputStream compressed =
        new FilterInputStream(Channels.newInputStream(file)) {
          /// Whoever ends this stream may begin another one.
          @Override
          public void close() {}
        };
    return new GZIPInputStream(compressed, COMPRESSED_BUFFER);
  }

  /// Known once it was read to its end.
  @Override
  public long size() {
    return ended ? windowStart + windowLength : Long.MAX_VALUE;
  }

  @Override
  public int read(byte[] buffer, int offset, int length, long position) throws IOException {
    if (position < windowStart) {
      in.close();
      in = beginning();
      ended = false;
      damage = null;
      windowStart = 0;
      windowLength = 0;
    }
    skipTo(position);
    int known = (int) Math.min(length, windowStart + windowLength - position);
    if (known < 0) {
      return -1;
    }
    int knownFrom = (int) (position - windowStart);
    System.arraycopy(window, knownFrom, buffer, offset, known);
    int fresh = 0;
    if (known < length && !ended) {
      fresh = fill(buffer, offset + known, length - known);
      keep(buffer, offset, known + fresh, position);
    }
    int total = known + fresh;
    return total == 0 && length > 0 ? -1 : total;
  }

  /// Nothing of what was read is needed again.
  void forget() {
    windowStart += windowLength;
    windowLength = 0;
    window = new byte[0];
  }

  private void skipTo(long position) throws IOException {
    byte[] skipped = new byte[0];
    while (windowStart + windowLength < position && !ended) {
      if (skipped.length == 0) {
        skipped = new byte[SKIP_STEP];
      }
      long left = position - windowStart - windowLength;
      int count = fill(skipped, 0, (int) Math.min(left, SKIP_STEP));
      windowStart += windowLength + count;
      windowLength = 0;
    }
  }

  private void keep(byte[] buffer, int offset, int length, long position) {
    if (window.length < length) {
      window = new byte[length];
    }
    System.arraycopy(buffer, offset, window, 0, length);
    windowStart = position;
    windowLength = length;
  }

  /// Reads until there is enough or no more. What comes before a damage is given first.
  private int fill(byte[] buffer, int offset, int length) throws IOException {
    int count = 0;
    while (count < length && damage == null && !ended) {
      try {
        int now = in.read(buffer, offset + count, length - count);
        ended = now < 0;
        count += Math.max(0, now);
      } catch (IOException e) {
        damage = e;
      }
    }
    if (count == 0 && damage != null) {
      String what =
          damage instanceof EOFException
              ? "ends too early (not completely written?)"
              : "is damaged";
      throw new IOException("gzip " + what + ": " + path, damage);
    }
    return count;
  }

  @Override
  public void close() throws IOException {
    in.close();
    file.close();
  }
}

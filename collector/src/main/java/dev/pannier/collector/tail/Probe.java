package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/// An opened file and its head: enough to tell whose content it is. Gzip'd content is looked at as
/// it was before compression.
final class Probe implements Closeable {
  private final byte[] head = new byte[Fingerprint.MAX_LENGTH];
  private final byte[] check = new byte[Anchor.MAX_LENGTH];
  private final int headLength;
  private final Fingerprint fingerprint;
  private final boolean gzip;
  private final FileKey place;
  private Content content;
  private boolean taken;

  private Probe(Path path, FileKey place) throws IOException {
    this.place = place;
    content = FileContent.open(path);
    try {
      int length = readHead();
      gzip = isGzip(head, length);
      if (gzip) {
        content.close();
        content = GzipContent.open(path);
        length = readHead();
      }
      headLength = length;
      fingerprint = Fingerprint.of(head, headLength);
    } catch (IOException | RuntimeException e) {
      content.close();
      throw e;
    }
  }

  /// @param path a path without symbolic links: one that has become a link meanwhile is refused
  static Probe open(Path path, FileKey place) throws IOException {
    return new Probe(path, place);
  }

  private static boolean isGzip(byte[] head, int length) {
    return length >= 2 && head[0] == 0x1F && (head[1] & 0xFF) == 0x8B;
  }

  /// Whether what is read as it lies there begins as gzip'd content does.
  static boolean isGzip(Content raw) throws IOException {
    byte[] magic = new byte[2];
    return isGzip(magic, raw.read(magic, 0, magic.length, 0));
  }

  private int readHead() throws IOException {
    int length = 0;
    while (length < head.length) {
      int count = content.read(head, length, head.length - length, length);
      if (count <= 0) {
        break;
      }
      length += count;
    }
    return length;
  }

  boolean isGzip() {
    return gzip;
  }

  FileKey place() {
    return place;
  }

  byte[] head() {
    return head;
  }

  int headLength() {
    return headLength;
  }

  Fingerprint fingerprint() {
    return fingerprint;
  }

  /// `Long.MAX_VALUE` for gzip'd content.
  long size() throws IOException {
    return content.size();
  }

  /// Whether this is that content, at least as far as the position.
  boolean continues(Fingerprint begun, Anchor anchor) throws IOException {
    return size() >= anchor.position()
        && begun.isHeadOf(head, headLength)
        && holds(content, anchor, check);
  }

  /// Whether the bytes right before a position are those that were there.
  boolean holds(Anchor anchor) throws IOException {
    return size() >= anchor.position() && holds(content, anchor, check);
  }

  /// The same of any content.
  static boolean holds(Content content, Anchor anchor, byte[] scratch) throws IOException {
    int length = anchor.length();
    if (length == 0) {
      return true;
    }
    return fill(content, scratch, length, anchor.position() - length) && anchor.matches(scratch);
  }

  /// Whether another content has the same bytes where this one ends now.
  boolean endsLike(Content other) throws IOException {
    long end = size();
    int length = (int) Math.min(check.length, end);
    byte[] there = new byte[length];
    return fill(content, check, length, end - length)
        && fill(other, there, length, end - length)
        && Arrays.equals(check, 0, length, there, 0, length);
  }

  private static boolean fill(Content content, byte[] into, int length, long from)
      throws IOException {
    int count = 0;
    while (count < length) {
      int read = content.read(into, count, length - count, from + count);
      if (read <= 0) {
        return false;
      }
      count += read;
    }
    return true;
  }

  /// The content, which is then the caller's to close.
  Content take() {
    taken = true;
    return content;
  }

  @Override
  public void close() throws IOException {
    if (!taken) {
      content.close();
    }
  }
}

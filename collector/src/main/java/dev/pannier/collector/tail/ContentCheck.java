package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import java.io.IOException;

/// Tells by its head, and the bytes before the position, whether an open file still has the content that it had. One thread.
final class ContentCheck {
  private final byte[] head = new byte[Fingerprint.MAX_LENGTH];
  private final byte[] before = new byte[Anchor.MAX_LENGTH];
  private boolean changed;

  /// What [#readHead] read last.
  byte[] head() {
    return head;
  }

  /// @return how many bytes
  int readHead(TailedFile file) throws IOException {
    Content content = file.content;
    return content == null ? 0 : readHead(content);
  }

  private int readHead(Content content) throws IOException {
    return Math.max(0, content.read(head, 0, head.length, 0));
  }

  /// Whether it still is what it was.
  boolean verify(TailedFile file, Content content) throws IOException {
    if (content instanceof GzipContent) {
      return true;
    }
    int length = readHead(content);
    if (!file.fingerprint.isHeadOf(head, length) || !Probe.holds(content, file.read, before)) {
      return false;
    }
    recognise(file, head, length);
    return true;
  }

  /// By a longer head than before.
  void recognise(TailedFile file, byte[] begun, int length) {
    if (length > file.fingerprint.length()) {
      if (file.fingerprint.length() < Fingerprint.SHORTEST_STEP) {
        // So little tells it from nothing: a crash would leave only its inode to know it by.
        file.stored = false;
      }
      file.fingerprint = Fingerprint.of(begun, length);
      changed = true;
    }
  }

  /// Whether a file is known by a longer head since the last call.
  boolean takeChanged() {
    boolean was = changed;
    changed = false;
    return was;
  }
}

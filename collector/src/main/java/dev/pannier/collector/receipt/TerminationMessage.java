package dev.pannier.collector.receipt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The short form of the receipt where Kubernetes shows it as the container's termination message. It is written while
/// the process runs, too, since nobody is asked before SIGKILL; what is there already is not written again.
///
/// One thread, but for [#at].
public final class TerminationMessage {
  /// Kubernetes cuts what is longer.
  private static final int MAX_BYTES = 4096;

  private final Consumer<String> notice;
  private volatile @Nullable Path path;
  private @Nullable Path writtenTo;
  private byte[] written = new byte[0];
  private boolean failing;

  /// @param notice takes a line where it cannot be written, and one when it can again
  public TerminationMessage(Consumer<String> notice) {
    this.notice = notice;
  }

  /// Where it goes from the next [#tell] on; null for nowhere. Any thread.
  public void at(@Nullable Path other) {
    path = other;
  }

  /// Whether what was told last is elsewhere than where it should be.
  boolean hasMoved() {
    Path now = path;
    return now != null && !now.equals(writtenTo);
  }

  public void tell(Receipt receipt) {
    Path now = path;
    if (now == null) {
      return;
    }
    byte[] message = receipt.message(MAX_BYTES);
    if (now.equals(writtenTo) && Arrays.equals(message, written)) {
      return;
    }
    try {
      write(now, message);
      writtenTo = now;
      written = message;
      if (failing) {
        failing = false;
        notice.accept("the termination message can be written again");
      }
    } catch (IOException e) {
      writtenTo = null;
      if (!failing) {
        failing = true;
        notice.accept("the termination message cannot be written to " + now + ": " + e);
      }
    }
  }

  /// In one write over what is there, since the process may end between any two: the file is mounted, so that no other can take
  /// its name.
  private void write(Path file, byte[] message) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      byte[] padded = Arrays.copyOf(message, Math.max(message.length, written.length));
      Arrays.fill(padded, message.length, padded.length, (byte) '\n');
      channel.write(ByteBuffer.wrap(padded), 0);
      // What was longer: of this process, or of another one's that had the file.
      channel.truncate(message.length);
    }
  }
}

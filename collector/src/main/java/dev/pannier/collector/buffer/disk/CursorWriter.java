package dev.pannier.collector.buffer.disk;

import dev.pannier.collector.checkpoint.DurableDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Writes the shippers' places: whole and synced, or behind those that are there and not synced. One thread.
public final class CursorWriter {
  /// Later places make it no larger: the next [#replace] has them.
  private static final long MOST_BYTES = 1 << 20;

  private final Path directory;

  /// What the last [#replace] has written; null where nothing may be appended to it.
  private @Nullable CursorFile written;

  /// All of the file.
  private CRC32C crc = new CRC32C();

  private long end;

  public CursorWriter(Path directory) {
    this.directory = directory;
  }

  /// When it returns, they are on disk.
  public void replace(CursorFile cursors) throws IOException {
    // What is there is not known before it is done.
    written = null;
    byte[] bytes = cursors.bytes();
    DurableDirectory.replace(directory, CursorFile.CURSORS, bytes);
    crc = new CRC32C();
    crc.update(bytes);
    end = bytes.length;
    written = cursors;
  }

  /// When it returns, the death of the process leaves them. Nothing is written where they are of other shippers than those of the last
  /// [#replace], or of other signals, or where that or an append has failed since.
  public void append(CursorFile cursors) throws IOException {
    CursorFile before = written;
    if (before == null || !before.isOfSameShippers(cursors)) {
      return;
    }
    byte[] places = cursors.laterBytes(before.tellsAhead());
    if (end + places.length > MOST_BYTES) {
      return;
    }
    written = null;
    ByteBuffer bytes = ByteBuffer.allocate(places.length + Integer.BYTES).put(places);
    crc.update(places);
    bytes.putInt((int) crc.getValue()).flip();
    crc.update(bytes.array(), places.length, Integer.BYTES);
    try (FileChannel channel =
        FileChannel.open(directory.resolve(CursorFile.CURSORS), StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        end += channel.write(bytes, end);
      }
    }
    written = before;
  }
}

package dev.pannier.collector.buffer.disk;

import dev.pannier.collector.checkpoint.DurableDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Writes the shippers' places: whole and synced, or behind those that are there and not synced. One thread.
public final class CursorWriter {
  private final Path directory;

  /// Of the shippers in the file; null where nothing may be appended to it.
  private @Nullable List<String> names;

  /// All of the file.
  private CRC32C crc = new CRC32C();

  private long end;

  public CursorWriter(Path directory) {
    this.directory = directory;
  }

  /// When it returns, they are on disk.
  public void replace(CursorFile cursors) throws IOException {
    // What is there is not known before it is done.
    names = null;
    byte[] bytes = cursors.bytes();
    DurableDirectory.replace(directory, CursorFile.CURSORS, bytes);
    crc = new CRC32C();
    crc.update(bytes);
    end = bytes.length;
    names = List.copyOf(cursors.passed().keySet());
  }

  /// When it returns, the death of the process leaves them. Nothing is written where they are of other shippers than those of the last
  /// [#replace], or where that or an append has failed since.
  ///
  /// @param passed as in [CursorFile]
  public void append(Map<String, Long> passed) throws IOException {
    if (!List.copyOf(passed.keySet()).equals(names)) {
      return;
    }
    List<String> before = names;
    names = null;
    ByteBuffer bytes = ByteBuffer.allocate(passed.size() * Long.BYTES + Integer.BYTES);
    passed.values().forEach(bytes::putLong);
    crc.update(bytes.array(), 0, bytes.position());
    bytes.putInt((int) crc.getValue()).flip();
    crc.update(bytes.array(), bytes.limit() - Integer.BYTES, Integer.BYTES);
    try (FileChannel channel =
        FileChannel.open(directory.resolve(CursorFile.CURSORS), StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        end += channel.write(bytes, end);
      }
    }
    names = before;
  }
}

package dev.pannier.collector.buffer.disk;

import dev.pannier.collector.checkpoint.DurableDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/// The shippers' places in the log, the file `cursors`:
///
/// ```
/// 50 4E 43 52   magic "PNCR"
/// 00 01         version
/// 2 bytes       number of shippers, then for each
///   2 + n         its name, UTF-8 behind its length
///   8             the shipper needs no record up to this number any longer
/// 4 bytes       CRC32C of all before
/// ```
///
/// Integers are big-endian. It is replaced whole: written to `cursors.tmp` (a crash leaves the old
/// file), synced (a crash after the rename finds the new content, not zeros), renamed (one or the
/// other, never half), and the directory synced (the rename itself survives). An old one costs
/// repeats, none a start from the oldest record.
public final class CursorFile {
  static final String NAME = "cursors";
  private static final int MAGIC = 0x504E4352;
  private static final int VERSION = 1;
  private static final int MAX_BYTES = 1 << 20;

  private CursorFile() {}

  /// @return by the shipper's name; empty where there is no file yet
  /// @throws IOException where it cannot be read; the message says why
  public static Map<String, Long> read(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    byte[] bytes;
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("larger than " + MAX_BYTES + " bytes");
      }
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return Map.of();
    }
    int body = bytes.length - Integer.BYTES;
    if (body < 8) {
      throw new IOException("cut short at " + bytes.length + " bytes");
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, body);
    if ((int) crc.getValue() != ByteBuffer.wrap(bytes).getInt(body)) {
      throw new IOException("checksum differs");
    }
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, 0, body));
    if (in.readInt() != MAGIC) {
      throw new IOException("not a file of cursors");
    }
    int version = in.readUnsignedShort();
    if (version != VERSION) {
      throw new IOException("version " + version + ", this pannier reads " + VERSION);
    }
    int count = in.readUnsignedShort();
    Map<String, Long> cursors = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      cursors.put(in.readUTF(), in.readLong());
    }
    return cursors;
  }

  /// When it returns, it is on disk.
  public static void write(Path directory, Map<String, Long> cursors) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(MAGIC);
    out.writeShort(VERSION);
    out.writeShort(cursors.size());
    for (Map.Entry<String, Long> cursor : cursors.entrySet()) {
      out.writeUTF(cursor.getKey());
      out.writeLong(cursor.getValue());
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes.toByteArray());
    out.writeInt((int) crc.getValue());
    Path temporary = directory.resolve(NAME + ".tmp");
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer content = ByteBuffer.wrap(bytes.toByteArray());
      while (content.hasRemaining()) {
        channel.write(content);
      }
      channel.force(true);
    }
    Files.move(
        temporary,
        directory.resolve(NAME),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    DurableDirectory.syncNames(directory);
  }
}

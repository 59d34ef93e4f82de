package dev.pannier.collector.buffer.disk;

import dev.pannier.collector.checkpoint.DurableDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.zip.CRC32C;

/// Which log a record's number counts in, for destinations that store numbers: the file `log-id`, eight
/// random bytes and their CRC32C, big-endian. It lies beside the segments and goes with them: numbers of a
/// log that was deleted mean nothing in the next one.
public final class LogId {
  private static final String NAME = "log-id";
  private static final int BYTES = Long.BYTES + Integer.BYTES;

  private LogId() {}

  /// @return never 0
  /// @throws IOException where there is none yet and none can be written
  public static long read(Path directory) throws IOException {
    byte[] stored;
    try {
      stored = Files.readAllBytes(directory.resolve(NAME));
    } catch (NoSuchFileException e) {
      return renew(directory);
    }
    if (stored.length == BYTES) {
      ByteBuffer in = ByteBuffer.wrap(stored);
      long id = in.getLong();
      if (id != 0 && in.getInt() == checksum(id)) {
        return id;
      }
    }
    return renew(directory);
  }

  /// Makes another one: nothing counts any longer that was stored of the log.
  ///
  /// @throws IOException where it cannot be written
  public static long renew(Path directory) throws IOException {
    SecureRandom random = new SecureRandom();
    long id = random.nextLong();
    while (id == 0) {
      id = random.nextLong();
    }
    write(directory, id);
    return id;
  }

  /// Writes it again where its file has vanished.
  ///
  /// @throws IOException where it cannot be written
  public static void keep(Path directory, long id) throws IOException {
    if (Files.notExists(directory.resolve(NAME))) {
      write(directory, id);
    }
  }

  private static void write(Path directory, long id) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(BYTES).putLong(id).putInt(checksum(id));
    DurableDirectory.replace(directory, NAME, content.array());
  }

  private static int checksum(long id) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(id).flip());
    return (int) crc.getValue();
  }
}

package dev.pannier.collector.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The positions file of one state directory, `positions`:
/// ```
/// 50 4E 52 50   magic "PNRP"
/// 00 01         version
/// 8 bytes       volume id, random, made with the file
/// 4 bytes       number of generations, then each as SavedGeneration writes it
/// 8 bytes each  when their files were made, in nanoseconds since the epoch; missing where an older version has written it
/// zeros         half as much again, or none
/// 4 bytes       CRC32C of all before
/// ```
/// Integers are big-endian. It is replaced whole, as [DurableDirectory#replace] does it, and by a [Reserve] where the disk has no room:
/// what is shipped may be deleted only once that is stored, and may be what fills the disk. With the zeros there is room for files that
/// come meanwhile, however often it is replaced.
///
/// One process at a time: the lock on `lock` is held until [#close]. Not thread-safe.
public final class PositionStore implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(PositionStore.class);
  private static final int MAGIC = 0x504E5250;
  private static final int VERSION = 1;
  private static final int MAX_BYTES = 256 << 20;
  private static final String NAME = "positions";

  /// No reserve is made where it would leave less to others.
  private static final long LEFT_BYTES = 1 << 20;

  private final Path directory;
  private final FileChannel lockChannel;
  private final Reserve reserve;
  private long volume;
  private List<SavedGeneration> loaded = List.of();

  private PositionStore(Path directory, FileChannel lockChannel) {
    this.directory = directory;
    this.lockChannel = lockChannel;
    reserve = new Reserve(directory, NAME + ".reserve");
  }

  /// Opens the store, making the directory and a volume id where there is none. A file that cannot
  /// be read is kept aside and told.
  ///
  /// @param notice takes a line about what was found amiss
  /// @throws IOException where the directory cannot be written or another process has it; the
  ///     message is for people
  public static PositionStore open(Path directory, RandomGenerator random, Consumer<String> notice)
      throws IOException {
    DurableDirectory.make(directory);
    FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    PositionStore store = new PositionStore(directory, channel);
    try {
      if (!locked(channel)) {
        throw new IOException(
            "another pannier uses " + directory + ": give each its own state.directory");
      }
      // What is read counts as stored. A process that was killed behind its rename has left it to
      // the
      // page cache.
      DurableDirectory.syncNames(directory);
      store.load(random, notice);
      return store;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /// Whether positions were stored in the directory before.
  public static boolean isThere(Path directory) {
    return Files.exists(directory.resolve(NAME));
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private void load(RandomGenerator random, Consumer<String> notice) throws IOException {
    Path file = directory.resolve(NAME);
    byte[] bytes = read(file);
    if (bytes != null) {
      try {
        if (bytes.length > MAX_BYTES) {
          throw new IOException("larger than " + MAX_BYTES + " bytes");
        }
        decode(bytes);
        return;
      } catch (IOException e) {
        Path aside = directory.resolve(NAME + ".unreadable");
        Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        notice.accept(
            "positions in "
                + file
                + " cannot be read ("
                + e.getMessage()
                + "): kept as "
                + aside.getFileName()
                + ", files are read from start_at");
      }
    }
    volume = random.nextLong();
    save(List.of());
  }

  /// @return null where there is no file
  /// @throws IOException where the disk does not give it: it may do so later, and without it all is read from start_at, under another
  ///     volume id
  private static byte @Nullable [] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw new IOException(
          file
              + " cannot be read ("
              + e.getMessage()
              + "): where the disk does not give it back for good, remove it, and files are read"
              + " from start_at",
          e);
    }
  }

  private void decode(byte[] bytes) throws IOException {
    int body = bytes.length - Integer.BYTES;
    if (body < 18) {
      throw new IOException("cut short at " + bytes.length + " bytes");
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, body);
    if ((int) crc.getValue() != ByteBuffer.wrap(bytes).getInt(body)) {
      throw new IOException("checksum differs");
    }
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, 0, body));
    if (in.readInt() != MAGIC) {
      throw new IOException("not a positions file");
    }
    int version = in.readUnsignedShort();
    if (version != VERSION) {
      throw new IOException("version " + version + ", this pannier reads " + VERSION);
    }
    volume = in.readLong();
    int count = in.readInt();
    List<SavedGeneration> generations = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      generations.add(SavedGeneration.read(in));
    }
    if (in.available() >= (long) count * Long.BYTES) {
      for (int i = 0; i < count; i++) {
        generations.set(i, generations.get(i).madeAt(in.readLong()));
      }
    }
    loaded = List.copyOf(generations);
  }

  public Path directory() {
    return directory;
  }

  /// The volume's id, part of `log.record.uid` and of Kafka's key.
  public long volume() {
    return volume;
  }

  /// What the file held when the store was opened.
  public List<SavedGeneration> loaded() {
    return loaded;
  }

  /// What was loaded is known better: it is stored, and counts as loaded.
  public void correct(List<SavedGeneration> known) throws IOException {
    save(known);
    loaded = List.copyOf(known);
  }

  /// Replaces what is stored. When it returns, it is on disk.
  public void save(Collection<SavedGeneration> generations) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64 + 256 * generations.size());
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(MAGIC);
    out.writeShort(VERSION);
    out.writeLong(volume);
    out.writeInt(generations.size());
    for (SavedGeneration generation : generations) {
      generation.write(out);
    }
    // Behind all that an older version reads.
    for (SavedGeneration generation : generations) {
      out.writeLong(generation.madeNanos());
    }
    store(bytes.toByteArray());
  }

  private void store(byte[] content) throws IOException {
    int size = content.length + content.length / 2 + Integer.BYTES;
    try {
      DurableDirectory.replace(directory, NAME, signed(content, size));
    } catch (IOException e) {
      if (!storeInReserve(content)) {
        throw e;
      }
      return;
    }
    try {
      if (reserve.bytes() < size
          && Files.getFileStore(directory).getUsableSpace() >= size + LEFT_BYTES) {
        reserve.fill(size, size);
      }
    } catch (IOException e) {
      LOG.debug("{} has no reserve for positions", directory, e);
    }
  }

  private boolean storeInReserve(byte[] content) {
    try {
      reserve.recover(NAME);
      long held = reserve.bytes();
      // A folder of that name is in the way, not the want of room.
      if (held == 0 || Files.isDirectory(directory.resolve(NAME + ".tmp"))) {
        return false;
      }
      // It may have taken what there was.
      Files.deleteIfExists(directory.resolve(NAME + ".tmp"));
      int size = (int) Math.max(held, content.length + Integer.BYTES);
      reserve.replace(NAME, signed(content, size));
      return true;
    } catch (IOException e) {
      LOG.debug("{} has no room for positions in its reserve", directory, e);
      return false;
    }
  }

  /// @param size of what is returned: the content, zeros, and the checksum
  private static byte[] signed(byte[] content, int size) {
    byte[] bytes = Arrays.copyOf(content, size);
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, size - Integer.BYTES);
    ByteBuffer.wrap(bytes).putInt(size - Integer.BYTES, (int) crc.getValue());
    return bytes;
  }

  @Override
  public void close() throws IOException {
    lockChannel.close();
  }
}

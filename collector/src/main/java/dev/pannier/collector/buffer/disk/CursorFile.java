package dev.pannier.collector.buffer.disk;

import dev.pannier.collector.checkpoint.DurableDirectory;
import dev.pannier.shippers.batch.Signal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A number of the log for each shipper. The file `cursors` has the shippers' places, and how far the log is durable; `unconfirmed`
/// has where the log ended when a process began that was not told yet what the shipper's destination has:
///
/// ```
/// 50 4E 43 52   magic "PNCR"
/// 00 03         version; 4 where a shipper is done with something ahead of what it is not done with
/// 8 bytes       all records up to this number are synced; not in version 1
/// 2 bytes       how many of the following there are: one of each shipper, in `cursors` two
///   2 + n         its name, UTF-8 behind its length
///   8             where another of the same name follows: the signals that it takes, 1 logs, 2 traces, 4 metrics, added; an older
///                 version reads over it, and may have written none
///                 else the shipper needs no record up to this number any longer; where the log ended
///             in version 4 for each, in the order above
///   8             nor any up to this number, but for some
///   4             how many these are, then of each its distance from the one before, the first from the number above: 7 bits a byte,
///                 the lowest first, with the eighth set where more follow
/// 4 bytes       CRC32C of all before
///             in `cursors` later places may follow, not in versions 1 and 2:
///   8             of each shipper the same number, in the order above; in version 4 the rest behind them, too
///   4 bytes       CRC32C of all before
/// ```
///
/// Integers are big-endian. It is replaced whole, as [DurableDirectory#replace] does it. Later places are appended and not synced: the
/// death of the process leaves them, that of the machine some or none, and the last before one that is not whole count. An old file
/// costs repeats, none a start from the oldest record.
///
/// @param synced  all records up to this number are synced; 0 in `unconfirmed`
/// @param passed  by the shipper's name, the number up to which it needs no record any longer, or where the log ended
/// @param ahead   what of the records behind that number it does not need either; without those of which there are none
/// @param signals that the shipper takes; without those of which that is not known
public record CursorFile(
    long synced,
    Map<String, Long> passed,
    Map<String, Ahead> ahead,
    Map<String, Set<Signal>> signals) {
  /// Where nothing is known.
  public static final CursorFile NONE = new CursorFile(0, Map.of());

  public CursorFile(long synced, Map<String, Long> passed) {
    this(synced, passed, Map.of());
  }

  public CursorFile(long synced, Map<String, Long> passed, Map<String, Ahead> ahead) {
    this(synced, passed, ahead, Map.of());
  }

  /// What a shipper does not need of the records behind its number.
  public Ahead ahead(String shipper) {
    return ahead.getOrDefault(shipper, Ahead.NONE);
  }

  /// Where the shippers' places are.
  public static final String CURSORS = "cursors";

  /// The lowest end that the log has had since the destination was last asked with success. A log that was put back from an older
  /// copy may end above what the destination has before anybody has compared them.
  private static final String UNCONFIRMED = "unconfirmed";

  private static final int MAGIC = 0x504E4352;
  private static final int VERSION = 3;
  private static final int VERSION_AHEAD = 4;
  private static final int MAX_BYTES = 8 << 20;

  /// What was read is no whole file of cursors.
  public static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(@Nullable String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /// @return [#NONE] where there is no file yet
  /// @throws Damaged where what was read is none; the message says why
  /// @throws LaterVersion where it is one of a later version
  /// @throws IOException where the disk does not give it
  public static CursorFile read(Path directory) throws IOException {
    return readFile(directory.resolve(CURSORS));
  }

  /// The same of `unconfirmed`.
  public static CursorFile readUnconfirmed(Path directory) throws IOException {
    return readFile(directory.resolve(UNCONFIRMED));
  }

  private static CursorFile readFile(Path file) throws IOException {
    byte[] bytes;
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new Damaged("larger than " + MAX_BYTES + " bytes", null);
      }
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return NONE;
    }
    try {
      return of(bytes);
    } catch (EOFException e) {
      throw new Damaged("cut short at " + bytes.length + " bytes", e);
    } catch (LaterVersion e) {
      throw e;
    } catch (IOException e) {
      throw new Damaged(e.getMessage(), e);
    }
  }

  private static CursorFile of(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    if (in.readInt() != MAGIC) {
      throw new IOException("not a file of cursors");
    }
    int version = in.readUnsignedShort();
    if (version > VERSION_AHEAD) {
      throw new LaterVersion(version, VERSION_AHEAD);
    }
    long synced = version == 1 ? 0 : in.readLong();
    int count = in.readUnsignedShort();
    Map<String, Long> passed = new LinkedHashMap<>();
    Map<String, Set<Signal>> signals = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String shipper = in.readUTF();
      Long before = passed.put(shipper, in.readLong());
      if (before != null) {
        signals.put(shipper, signals(before));
      }
    }
    Map<String, Ahead> ahead = version < VERSION_AHEAD ? Map.of() : readAhead(in, passed);
    CRC32C crc = new CRC32C();
    int end = bytes.length - in.available();
    crc.update(bytes, 0, end);
    if (in.readInt() != (int) crc.getValue()) {
      throw new IOException("checksum differs");
    }
    return later(bytes, end, crc, new CursorFile(synced, passed, ahead, signals), version);
  }

  /// @param end where the checksum is
  /// @param crc of all before that
  private static CursorFile later(
      byte[] bytes, int end, CRC32C crc, CursorFile first, int version) {
    CursorFile last = first;
    int at = end;
    try {
      DataInputStream in =
          new DataInputStream(
              new ByteArrayInputStream(
                  bytes, end + Integer.BYTES, bytes.length - end - Integer.BYTES));
      while (in.available() > 0) {
        Map<String, Long> passed = new LinkedHashMap<>();
        for (String shipper : first.passed.keySet()) {
          passed.put(shipper, in.readLong());
        }
        Map<String, Ahead> ahead = version < VERSION_AHEAD ? Map.of() : readAhead(in, passed);
        int next = bytes.length - in.available();
        crc.update(bytes, at, next - at);
        if (in.readInt() != (int) crc.getValue()) {
          return last;
        }
        at = next;
        last = new CursorFile(first.synced, passed, ahead, first.signals);
      }
    } catch (IOException e) {
      // Not whole: it was written when the process died.
    }
    return last;
  }

  private static Map<String, Ahead> readAhead(DataInputStream in, Map<String, Long> passed)
      throws IOException {
    Map<String, Ahead> ahead = new LinkedHashMap<>();
    for (Map.Entry<String, Long> each : passed.entrySet()) {
      Ahead read = Ahead.read(in, each.getValue());
      if (read.to() > each.getValue()) {
        ahead.put(each.getKey(), read);
      }
    }
    return ahead;
  }

  private static long bits(Set<Signal> signals) {
    long bits = 0;
    for (Signal signal : signals) {
      bits |= 1L << RecordFormat.signalNumber(signal);
    }
    return bits;
  }

  private static Set<Signal> signals(long bits) {
    Set<Signal> signals = EnumSet.allOf(Signal.class);
    signals.removeIf(signal -> (bits & bits(Set.of(signal))) == 0);
    return signals;
  }

  /// When it returns, it is on disk.
  public void write(Path directory) throws IOException {
    write(directory, CURSORS);
  }

  /// The same for `unconfirmed`.
  public void writeUnconfirmed(Path directory) throws IOException {
    write(directory, UNCONFIRMED);
  }

  /// Where there is no `unconfirmed`, a destination is compared with the end that the log has at the start.
  public static void deleteUnconfirmed(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(UNCONFIRMED));
    DurableDirectory.syncNames(directory);
  }

  private void write(Path directory, String name) throws IOException {
    DurableDirectory.replace(directory, name, bytes());
  }

  /// Whether it is about the same shippers, which take the same signals.
  boolean isOfSameShippers(CursorFile other) {
    return List.copyOf(passed.keySet()).equals(List.copyOf(other.passed.keySet()))
        && signals.equals(other.signals);
  }

  /// Whether it is told what a shipper is done with ahead of what it is not done with.
  boolean tellsAhead() {
    return !ahead.isEmpty();
  }

  byte[] bytes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(MAGIC);
    // A version before this one reads it where it can.
    out.writeShort(tellsAhead() ? VERSION_AHEAD : VERSION);
    out.writeLong(synced);
    out.writeShort(passed.size() + signals.size());
    for (Map.Entry<String, Long> cursor : passed.entrySet()) {
      Set<Signal> taken = signals.get(cursor.getKey());
      if (taken != null) {
        out.writeUTF(cursor.getKey());
        out.writeLong(bits(taken));
      }
      out.writeUTF(cursor.getKey());
      out.writeLong(cursor.getValue());
    }
    if (tellsAhead()) {
      writeAhead(out);
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes.toByteArray());
    out.writeInt((int) crc.getValue());
    return bytes.toByteArray();
  }

  /// The same places behind others, without the checksum.
  ///
  /// @param withAhead as those before have it
  byte[] laterBytes(boolean withAhead) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    DataOutputStream out = new DataOutputStream(bytes);
    for (Long place : passed.values()) {
      out.writeLong(place);
    }
    if (withAhead) {
      writeAhead(out);
    }
    return bytes.toByteArray();
  }

  private void writeAhead(DataOutputStream out) throws IOException {
    for (Map.Entry<String, Long> cursor : passed.entrySet()) {
      ahead(cursor.getKey()).write(out, cursor.getValue());
    }
  }
}

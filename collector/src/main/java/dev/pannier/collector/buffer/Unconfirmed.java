package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.LogId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which log the numbers of records count in, and which destinations have not told yet what they have of it: the files `log-id` and
/// `unconfirmed`. A log that ends before a number that a destination has of it is an old copy, and gets another id.
///
/// Guarded by the buffer's lock for appends, but for [#logId].
final class Unconfirmed {
  private static final Logger LOG = LoggerFactory.getLogger(Unconfirmed.class);

  private final Path directory;

  /// By shipper, the number of the last record that was there at the start; at the first of several starts at which its destination
  /// did not tell what it has.
  private final Map<String, Long> ends = new LinkedHashMap<>();

  private boolean stored = true;

  /// 0 where nobody stores numbers of the log.
  private volatile long logId;

  /// @param shippers whose destinations store numbers
  /// @throws IOException where the log has no id yet and none can be written
  Unconfirmed(Path directory, Set<String> shippers) throws IOException {
    this.directory = directory;
    logId = shippers.isEmpty() ? 0 : LogId.read(directory);
  }

  /// At the start.
  ///
  /// @param shippers whose destinations store numbers
  /// @param end      of the log
  /// @throws IOException where it cannot be stored: nothing is appended before it is
  void find(Set<String> shippers, long end, Consumer<String> notice) throws IOException {
    if (shippers.isEmpty()) {
      return;
    }
    Map<String, Long> before = Map.of();
    try {
      before = CursorFile.readUnconfirmed(directory).passed();
    } catch (IOException e) {
      notice.accept(
          "the file unconfirmed in " + directory + " cannot be read (" + e.getMessage() + ")");
    }
    for (String shipper : shippers) {
      ends.put(shipper, Math.min(end, before.getOrDefault(shipper, end)));
    }
    if (!before.equals(ends)) {
      store();
    }
  }

  /// Any thread, without the lock.
  long logId() {
    return logId;
  }

  /// A destination has told what it has. The first time is compared with the log's end at the first start at which it could not be
  /// told: what was appended since says nothing.
  ///
  /// @param id of the log whose number it has, 0 for none
  /// @return whether this log is an older copy of that
  boolean confirm(String shipper, long id, long sequence) {
    Long end = ends.remove(shipper);
    if (end == null) {
      return false;
    }
    boolean isOlder = id != 0 && id == logId && sequence > end;
    if (isOlder) {
      try {
        logId = LogId.renew(directory);
      } catch (IOException e) {
        // Positions of files tell what is stored, where there are any. The next process tries
        // again.
        logId = 0;
        ends.put(shipper, end);
      }
    }
    storeConfirmed(shipper);
    return isOlder;
  }

  private void storeConfirmed(String shipper) {
    try {
      store();
      return;
    } catch (IOException e) {
      LOG.debug("unconfirmed cannot be stored", e);
    }
    if (ends.containsKey(shipper)) {
      return;
    }
    try {
      // The destination's numbers are about to go past the one it has of the shipper. Also a disk
      // that is full lets it go.
      CursorFile.deleteUnconfirmed(directory);
    } catch (IOException e) {
      LOG.debug("unconfirmed cannot be deleted", e);
    }
  }

  private void store() throws IOException {
    stored = false;
    new CursorFile(0, ends).writeUnconfirmed(directory);
    stored = true;
  }

  /// Whether the disk has it as it is; else [#storeRest] is to be called again.
  boolean isStored() {
    return stored;
  }

  void storeRest() throws IOException {
    if (!stored) {
      store();
    }
  }

  /// The directory may have been made anew.
  void storeAgain() throws IOException {
    if (logId != 0) {
      LogId.keep(directory, logId);
    }
    if (!stored || !ends.isEmpty()) {
      store();
    }
  }
}

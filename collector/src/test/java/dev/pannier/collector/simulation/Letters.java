package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// The dead letters of one destination: the file that the sidecar writes, and what somebody has moved away from there.
final class Letters {
  /// A few of the longest lines.
  private static final int MAX_BYTES = 64 << 10;

  private static final String REQUEST = "\"otlp_proto\":\"";

  private final SimulatedDisk disk;
  private final SimulatedPath path;
  private final Truth truth;
  private final boolean buriesOversize;
  private final Found moved = new Found();

  /// In the file that is there, as far as it was looked at.
  private Found placed = new Found();

  private SimulatedDisk.@Nullable Node lookedAt;
  private int lookedAtBytes;

  Letters(SimulatedDisk disk, SimulatedPath path, Truth truth, boolean buriesOversize) {
    this.disk = disk;
    this.path = path;
    this.truth = truth;
    this.buriesOversize = buriesOversize;
  }

  DeadLettersTo settings() {
    return new DeadLettersTo.File(path, MAX_BYTES);
  }

  /// Whether what is too large is here as it was, and never cut.
  boolean buriesOversize() {
    return buriesOversize;
  }

  boolean has(int line) {
    look();
    return placed.lines.get(line) || moved.lines.get(line);
  }

  boolean hasRequest(int request) {
    look();
    return placed.requests.get(request) || moved.requests.get(request);
  }

  /// How many lines there are.
  int lines() {
    look();
    BitSet all = (BitSet) moved.lines.clone();
    all.or(placed.lines);
    return all.cardinality();
  }

  /// Somebody makes room.
  ///
  /// @return whether there was a file
  boolean moveAway() {
    look();
    if (lookedAt == null) {
      return false;
    }
    moved.lines.or(placed.lines);
    moved.requests.or(placed.requests);
    try {
      disk.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return true;
  }

  /// The machine has failed: the file may have less than was seen.
  void forget() {
    lookedAt = null;
  }

  private void look() {
    SimulatedDisk.Node file = disk.find(path.toString());
    if (file != lookedAt || (file != null && file.size < lookedAtBytes)) {
      placed = new Found();
      lookedAt = file;
      lookedAtBytes = 0;
    }
    if (file == null || file.size == lookedAtBytes) {
      return;
    }
    String text = new String(file.bytes, lookedAtBytes, file.size - lookedAtBytes, ISO_8859_1);
    int end = text.lastIndexOf('\n') + 1;
    text.substring(0, end).lines().forEach(this::read);
    lookedAtBytes += end;
  }

  private void read(String letter) {
    if (letter.indexOf('\0') >= 0) {
      // Nobody was told that it is stored: a part of it had not come to the disk when the machine
      // failed.
      return;
    }
    int from = letter.indexOf(REQUEST) + REQUEST.length();
    byte[] bytes = Base64.getDecoder().decode(letter.substring(from, letter.indexOf('"', from)));
    truth.read(Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "letter"), placed);
  }

  private final class Found implements Truth.Arrival {
    private final BitSet lines = new BitSet();
    private final BitSet requests = new BitSet();

    @Override
    public void line(int line, Truth.Uid uid) {
      lines.set(line);
    }

    @Override
    public void cut(int line) {
      if (buriesOversize) {
        throw new AssertionError("line " + line + " was cut before it became a dead letter");
      }
    }

    @Override
    public void request(int request) {
      requests.set(request);
    }
  }
}

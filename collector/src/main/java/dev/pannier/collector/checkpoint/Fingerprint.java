package dev.pannier.collector.checkpoint;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/// Hashes of a file's first bytes: of its head up to 1,024 bytes, and of every power of two below,
/// from 32 on. So a head that was taken when the file was short still tells it apart once it has
/// grown, and a copy can be recognised while it is being written.
public final class Fingerprint {
  public static final int MAX_LENGTH = 1024;

  /// A shorter common head says nothing: two files may well begin with the same word or minute.
  public static final int SHORTEST_STEP = 32;

  public static final Fingerprint EMPTY = new Fingerprint(0, new long[0], Hash.SEED);

  private final int length;
  private final long[] steps;
  private final long whole;

  private Fingerprint(int length, long[] steps, long whole) {
    this.length = length;
    this.steps = steps;
    this.whole = whole;
  }

  /// @param head   a file's first bytes
  /// @param length how many of them there are; those after 1,024 are left out
  public static Fingerprint of(byte[] head, int length) {
    int taken = Math.min(length, MAX_LENGTH);
    if (taken == 0) {
      return EMPTY;
    }
    long[] steps = new long[stepsWithin(taken)];
    long hash = Hash.SEED;
    int from = 0;
    for (int i = 0; i < steps.length; i++) {
      hash = Hash.update(hash, head, from, SHORTEST_STEP << i);
      from = SHORTEST_STEP << i;
      steps[i] = hash;
    }
    return new Fingerprint(taken, steps, Hash.update(hash, head, from, taken));
  }

  /// How many bytes of the head it covers, 0 to 1,024.
  public int length() {
    return length;
  }

  /// Whether a file that begins with these bytes can be the same one, possibly longer by now.
  public boolean isHeadOf(byte[] head, int available) {
    return available >= length && Hash.update(Hash.SEED, head, 0, length) == whole;
  }

  /// Whether it is of a head of NUL bytes only.
  public boolean isOfNuls() {
    return length > 0 && isHeadOf(new byte[length], length);
  }

  /// Whether a file that is shorter than this fingerprint begins in the same way, as far as the
  /// steps can tell; false where there are too few bytes to tell.
  public boolean beginsLike(byte[] head, int available) {
    int comparable = Math.min(available, length);
    int step = stepsWithin(comparable) - 1;
    return step >= 0 && Hash.update(Hash.SEED, head, 0, SHORTEST_STEP << step) == steps[step];
  }

  /// Whether both may be heads of the same content, as far as their common steps tell. Costs next to
  /// nothing: it is asked of every pair of a new file and a known one.
  public boolean agreesWith(Fingerprint other) {
    int common = Math.min(steps.length, other.steps.length);
    return common == 0 || steps[common - 1] == other.steps[common - 1];
  }

  private static int stepsWithin(int length) {
    int count = 0;
    while (SHORTEST_STEP << count <= length) {
      count++;
    }
    return count;
  }

  void write(DataOutput out) throws IOException {
    out.writeShort(length);
    for (long step : steps) {
      out.writeLong(step);
    }
    out.writeLong(whole);
  }

  static Fingerprint read(DataInput in) throws IOException {
    int length = in.readUnsignedShort();
    if (length > MAX_LENGTH) {
      throw new IOException("fingerprint of more than " + MAX_LENGTH + " bytes: " + length);
    }
    long[] steps = new long[stepsWithin(length)];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = in.readLong();
    }
    return new Fingerprint(length, steps, in.readLong());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Fingerprint that
        && that.length == length
        && that.whole == whole
        && Arrays.equals(that.steps, steps);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(whole);
  }
}

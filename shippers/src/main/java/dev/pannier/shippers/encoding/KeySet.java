package dev.pannier.shippers.encoding;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/// The keys that one JSON object has so far, as ranges of bytes that its user keeps. Emptied in no
/// time and used again; what a large object has made it grow by is left when it is emptied.
final class KeySet {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int FIRST_SLOTS = 128;

  /// No more are kept for the next object.
  static final int MOST_KEPT_SLOTS = 2048;

  /// Not known outside, so that nobody can send keys that all fall into one slot.
  private static final long MULTIPLIER = new SplittableRandom().nextLong() | 1;

  /// Three numbers a slot: the round in which it was taken, where the key begins and where it ends.
  private int[] slots = new int[3 * FIRST_SLOTS];

  private int count;
  private int round = 1;

  void clear() {
    count = 0;
    if (slots() > MOST_KEPT_SLOTS) {
      slots = new int[3 * FIRST_SLOTS];
      round = 0;
    }
    round++;
    if (round == Integer.MAX_VALUE) {
      Arrays.fill(slots, 0);
      round = 1;
    }
  }

  int slots() {
    return slots.length / 3;
  }

  /// @param hash  of the key, by [#hash]
  /// @param bytes hold all keys added since [#clear], at the places that were told
  /// @return false where the key in `[start, end)` is there already
  boolean add(int hash, byte[] bytes, int start, int end) {
    if (6 * (count + 1) > slots.length) {
      grow(bytes);
    }
    int slot = slot(hash, bytes, bytes, start, end);
    if (slots[slot] == round) {
      return false;
    }
    take(slots, slot, start, end);
    count++;
    return true;
  }

  /// Whether the key in `[start, end)` of `other` was added.
  boolean contains(int hash, byte[] bytes, byte[] other, int start, int end) {
    return slots[slot(hash, bytes, other, start, end)] == round;
  }

  /// @return the slot of the key, or the free one in which it would be
  private int slot(int hash, byte[] bytes, byte[] other, int start, int end) {
    int mask = slots.length / 3 - 1;
    int slot = hash & mask;
    while (slots[3 * slot] == round
        && !Arrays.equals(bytes, slots[3 * slot + 1], slots[3 * slot + 2], other, start, end)) {
      slot = (slot + 1) & mask;
    }
    return 3 * slot;
  }

  private void take(int[] into, int slot, int start, int end) {
    into[slot] = round;
    into[slot + 1] = start;
    into[slot + 2] = end;
  }

  private void grow(byte[] bytes) {
    int[] before = slots;
    slots = new int[2 * before.length];
    for (int at = 0; at < before.length; at += 3) {
      if (before[at] == round) {
        int start = before[at + 1];
        int end = before[at + 2];
        take(slots, slot(hash(bytes, start, end), bytes, bytes, start, end), start, end);
      }
    }
  }

  static int hash(byte[] bytes, int start, int end) {
    long hash = (end - start + MULTIPLIER) * MULTIPLIER;
    int at = start;
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      hash = mixed(hash ^ (long) LONG.get(bytes, at));
    }
    for (; at < end; at++) {
      hash = (hash + bytes[at]) * MULTIPLIER;
    }
    return (int) (mixed(hash) >>> Integer.SIZE);
  }

  private static long mixed(long hash) {
    long product = hash * MULTIPLIER;
    return product ^ product >>> Integer.SIZE;
  }
}

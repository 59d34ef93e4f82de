package dev.pannier.shippers.encoding;

import java.util.Arrays;
import java.util.SplittableRandom;

/// The keys that one JSON object has so far, as ranges of the bytes written. Emptied in no time and
/// used again; grows with the largest object.
final class KeySet {
  private static final int FIRST_SLOTS = 128;

  /// Not known outside, so that nobody can send keys that all fall into one slot.
  private final long multiplier = new SplittableRandom().nextLong() | 1;

  /// Three numbers a slot: the round in which it was taken, where the key begins and where it ends.
  private int[] slots = new int[3 * FIRST_SLOTS];

  private int count;
  private int round = 1;

  void clear() {
    count = 0;
    round++;
    if (round == Integer.MAX_VALUE) {
      Arrays.fill(slots, 0);
      round = 1;
    }
  }

  /// @param bytes the object's bytes, the same (or a longer copy) in all calls since [#clear]
  /// @return false where the key in `[start, end)` is there already
  boolean add(byte[] bytes, int start, int end) {
    if (6 * (count + 1) > slots.length) {
      grow(bytes);
    }
    if (!insert(slots, bytes, start, end)) {
      return false;
    }
    count++;
    return true;
  }

  private boolean insert(int[] into, byte[] bytes, int start, int end) {
    int mask = into.length / 3 - 1;
    int slot = hash(bytes, start, end) & mask;
    while (into[3 * slot] == round) {
      if (Arrays.equals(bytes, into[3 * slot + 1], into[3 * slot + 2], bytes, start, end)) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    into[3 * slot] = round;
    into[3 * slot + 1] = start;
    into[3 * slot + 2] = end;
    return true;
  }

  private void grow(byte[] bytes) {
    int[] grown = new int[2 * slots.length];
    for (int at = 0; at < slots.length; at += 3) {
      if (slots[at] == round) {
        insert(grown, bytes, slots[at + 1], slots[at + 2]);
      }
    }
    slots = grown;
  }

  private int hash(byte[] bytes, int start, int end) {
    long hash = multiplier;
    for (int at = start; at < end; at++) {
      hash = (hash + bytes[at]) * multiplier;
    }
    return (int) (hash >>> Integer.SIZE);
  }
}

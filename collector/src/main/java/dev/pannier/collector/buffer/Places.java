package dev.pannier.collector.buffer;

import java.util.Arrays;

/// Numbers of records in the order in which they are read again, and where in its segment each begins. It costs 16 bytes for each, and up to a
/// third of it more.
final class Places {
  /// The part of the arrays that they grow by, and that may be free at the front.
  private static final int PART = 8;

  /// Arrays of this size are not made smaller.
  private static final int SMALL = 64;

  private long[] numbers = new long[4];
  private long[] positions = new long[4];
  private int from;
  private int to;

  boolean isEmpty() {
    return from == to;
  }

  /// The first number; there is one.
  long number() {
    return numbers[from];
  }

  /// Of the first.
  long position() {
    return positions[from];
  }

  void removeFirst() {
    from++;
    fit();
  }

  /// Behind all.
  void addLast(long number, long position) {
    insert(to, number, position);
  }

  /// Behind those with lower numbers, where all are in the order of their numbers.
  void add(long number, long position) {
    insert(-1 - Arrays.binarySearch(numbers, from, to, number), number, position);
  }

  private void insert(int before, long number, long position) {
    int at = before;
    if (from > 0 && at - from < to - at) {
      move(from, from - 1, at - from);
      from--;
      at--;
    } else {
      if (to == numbers.length) {
        at -= makeRoom();
      }
      move(at, at + 1, to - at);
      to++;
    }
    numbers[at] = number;
    positions[at] = position;
  }

  /// @return how far all went to the front
  private int makeRoom() {
    int front = from;
    if (front <= numbers.length / PART) {
      resize(numbers.length + numbers.length / PART + 4);
    } else {
      move(front, 0, to - front);
      from = 0;
      to -= front;
    }
    return front;
  }

  /// What was taken leaves room for others' places.
  private void fit() {
    if (numbers.length > SMALL && to - from < numbers.length / 4) {
      resize(numbers.length / 2);
    }
  }

  private void resize(int room) {
    numbers = Arrays.copyOfRange(numbers, from, from + room);
    positions = Arrays.copyOfRange(positions, from, from + room);
    to -= from;
    from = 0;
  }

  private void move(int first, int target, int count) {
    System.arraycopy(numbers, first, numbers, target, count);
    System.arraycopy(positions, first, positions, target, count);
  }

  /// Those up to `last`, from `first` on.
  void remove(long first, long last) {
    int kept = from;
    for (int i = from; i < to; i++) {
      if (numbers[i] < first || numbers[i] > last) {
        numbers[kept] = numbers[i];
        positions[kept] = positions[i];
        kept++;
      }
    }
    to = kept;
    fit();
  }
}

package dev.pannier.shippers.encoding;

import dev.pannier.shippers.batch.Attributes;
import dev.pannier.shippers.batch.ByteOutput;
import java.util.Arrays;

/// The keys of an object's attributes, in their order, and what became of each: the next object mostly
/// has the same, and then none has to be escaped, renamed or looked for among the others.
final class KeySequence {
  private static final int MAX_KEYS = 64;
  private static final int MAX_BYTES = 4096;

  private final ByteOutput keys = new ByteOutput(256);
  private final ByteOutput texts = new ByteOutput(256);
  private final int[] keyEnds = new int[MAX_KEYS];
  private final int[] textEnds = new int[MAX_KEYS];

  /// -1 where there are too many, or too long ones.
  private int count = -1;

  void clear() {
    keys.truncate(0);
    texts.truncate(0);
    count = 0;
  }

  void forget() {
    count = -1;
  }

  /// Adds the key in `[start, end)` of `bytes`, and what was written for it: `[from, to)` of `text`,
  /// empty where the attribute does not appear.
  void add(byte[] bytes, int start, int end, byte[] text, int from, int to) {
    if (count < 0) {
      return;
    }
    if (count == MAX_KEYS || keys.length() + texts.length() + end - start + to - from > MAX_BYTES) {
      count = -1;
      return;
    }
    keys.write(bytes, start, end - start);
    texts.write(text, from, to - from);
    keyEnds[count] = keys.length();
    textEnds[count] = texts.length();
    count++;
  }

  /// Whether the attributes have these keys in this order.
  boolean isOf(Attributes attributes) {
    if (attributes.count() != count) {
      return false;
    }
    int start = 0;
    for (int i = 0; i < count; i++) {
      int end = keyEnds[i];
      if (!Arrays.equals(
          keys.bytes(),
          start,
          end,
          attributes.bytes(),
          attributes.keyStart(i),
          attributes.keyEnd(i))) {
        return false;
      }
      start = end;
    }
    return true;
  }

  /// Writes what was written for the key of this index.
  ///
  /// @return false where that was nothing
  boolean write(int index, ByteOutput out) {
    int start = index == 0 ? 0 : textEnds[index - 1];
    int end = textEnds[index];
    out.write(texts.bytes(), start, end - start);
    return end > start;
  }
}

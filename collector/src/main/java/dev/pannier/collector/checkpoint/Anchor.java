package dev.pannier.collector.checkpoint;

/// A position in a file and a hash of the bytes right before it. A file that was emptied and filled
/// again may have the size it had, and even the same head; it does not have the same bytes there.
///
/// @param position bytes from the file's beginning
/// @param length   how many bytes before the position the hash covers, 0 to 64
/// @param hash     of those bytes
public record Anchor(long position, int length, long hash) {
  public static final int MAX_LENGTH = 64;

  public static final Anchor START = new Anchor(0, 0, Hash.SEED);

  /// @param buffer holds the bytes before `position`, which end at `end`
  /// @param begin  where the buffer's content begins
  public static Anchor at(long position, byte[] buffer, int begin, int end) {
    int length = Math.min(MAX_LENGTH, end - begin);
    return new Anchor(position, length, Hash.update(Hash.SEED, buffer, end - length, end));
  }

  /// Nothing is known of the bytes before the position.
  public static Anchor unknown(long position) {
    return new Anchor(position, 0, Hash.SEED);
  }

  /// Whether the bytes right before the position are known to be NUL.
  public boolean isAfterNuls() {
    return length > 0 && matches(new byte[length]);
  }

  /// Whether `bytes[0, length)`, read from `position - length`, are those that were there before.
  public boolean matches(byte[] bytes) {
    return Hash.update(Hash.SEED, bytes, 0, length) == hash;
  }
}

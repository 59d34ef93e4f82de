package dev.pannier.collector.checkpoint;

/// A position in a file, a hash of the bytes right before it, and what it stands in the middle of. A file that was emptied and filled
/// again may have the size it had, and even the same head; it does not have the same bytes there.
///
/// @param position bytes from the file's beginning
/// @param length   how many bytes before the position the hash covers, 0 to 64
/// @param hash     of those bytes
/// @param skip     what follows and belongs to an oversized record of which no more is shipped
public record Anchor(long position, int length, long hash, Skip skip) {
  /// What of an oversized record is still to be passed over.
  public enum Skip {
    NOTHING,
    /// The rest of the line.
    LINE,
    /// The lines that continue it.
    CONTINUATIONS
  }

  public static final int MAX_LENGTH = 64;

  private static final int LENGTHS = MAX_LENGTH + 1;

  public static final Anchor START = new Anchor(0, 0, Hash.SEED);

  public Anchor(long position, int length, long hash) {
    this(position, length, hash, Skip.NOTHING);
  }

  /// @param tag [#tag] of the one that was stored
  /// @throws IllegalArgumentException where the tag is none
  public static Anchor of(long position, int tag, long hash) {
    Skip[] skips = Skip.values();
    int skip = tag / LENGTHS;
    if (tag < 0 || skip >= skips.length) {
      throw new IllegalArgumentException("no tag of a position: " + tag);
    }
    return new Anchor(position, tag % LENGTHS, hash, skips[skip]);
  }

  /// @param buffer holds the bytes before `position`, which end at `end`
  /// @param begin  where the buffer's content begins
  public static Anchor at(long position, byte[] buffer, int begin, int end) {
    return at(position, buffer, begin, end, Skip.NOTHING);
  }

  /// @param buffer holds the bytes before `position`, which end at `end`
  /// @param begin  where the buffer's content begins
  public static Anchor at(long position, byte[] buffer, int begin, int end, Skip skip) {
    int length = Math.min(MAX_LENGTH, end - begin);
    return new Anchor(position, length, Hash.update(Hash.SEED, buffer, end - length, end), skip);
  }

  /// Nothing is known of the bytes before the position.
  public static Anchor unknown(long position) {
    return new Anchor(position, 0, Hash.SEED);
  }

  /// The length and what is skipped, in one byte: the length alone where that is nothing.
  @SuppressWarnings("EnumOrdinal") // stored: the order never changes
  public int tag() {
    return skip.ordinal() * LENGTHS + length;
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

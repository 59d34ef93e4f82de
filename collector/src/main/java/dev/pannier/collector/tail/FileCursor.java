package dev.pannier.collector.tail;

/// What the framer has to remember of one file between two reads, besides the position.
final class FileCursor {
  /// What of an oversized record is still to be passed over.
  enum Skip {
    NOTHING,
    /// The rest of the line.
    LINE,
    /// The lines that continue it.
    CONTINUATIONS
  }

  Skip skip = Skip.NOTHING;

  /// An oversized record is being shipped in pieces, and was counted.
  boolean splitting;
}

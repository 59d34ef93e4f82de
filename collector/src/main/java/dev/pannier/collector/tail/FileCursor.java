package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor.Skip;

/// What the framer has to remember of one file between two reads, besides the position.
final class FileCursor {
  /// Stored with the position: what is left out stays so, whoever reads on from there.
  Skip skip = Skip.NOTHING;

  /// An oversized record is being shipped in pieces, and was counted.
  boolean splitting;
}

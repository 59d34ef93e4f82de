package dev.pannier.collector.receive;

/// What became of a compressed body.
enum Unpacking {
  UNPACKED,
  BROKEN,
  TOO_LARGE,
  NO_MEMORY,
  /// More memory than there ever is.
  NEVER_MEMORY,
  /// The decompressor does not work here.
  UNAVAILABLE
}

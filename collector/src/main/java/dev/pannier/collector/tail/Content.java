package dev.pannier.collector.tail;

import java.io.Closeable;
import java.io.IOException;

/// The bytes of one generation: an open file, or the content of a gzip'd one.
interface Content extends Closeable {
  /// How many bytes there are now; `Long.MAX_VALUE` where only reading on can tell.
  long size() throws IOException;

  /// Reads at `position` without moving anything.
  ///
  /// @return the bytes read, which may be fewer than asked for; -1 at the end
  int read(byte[] buffer, int offset, int length, long position) throws IOException;
}

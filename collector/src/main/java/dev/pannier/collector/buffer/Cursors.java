package dev.pannier.collector.buffer;

import dev.pannier.shippers.batch.Signal;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The shippers' side of a buffer: each has a [Cursor]. Thread-safe.
public interface Cursors {
  /// What a shipper leaves that goes.
  ///
  /// @param cursor of it, from which nothing more is taken
  /// @param taken  what it has taken and is not done with; without what it may be done with yet, where its client does not
  ///     return
  record Leaving(Cursor cursor, List<Entry> taken) {}

  /// The place of one of the shippers.
  ///
  /// @throws IllegalArgumentException if there is none of that name
  Cursor cursor(String shipper);

  /// Other shippers, from one append to the next. One that stays keeps its cursor; one that goes is
  /// given nothing more, and has its cursor until [#release]; where a new one begins is the buffer's
  /// to say.
  ///
  /// @param shippers by name, the signals that each takes
  void change(Map<String, Set<Signal>> shippers);

  /// Lets go of what shippers that have gone were not done with. New ones get it before all else.
  ///
  /// @param heirs new ones, none of which has begun
  /// @return the records that nobody ships in their stead
  long release(List<Leaving> gone, List<Cursor> heirs);

  /// Lets go of what waits for a shipper and is of a signal that it does not take any more. By the shipper's
  /// thread, or while it has none.
  ///
  /// @param taken what of that it has taken, and is not done with
  /// @return the records
  long forgo(Cursor cursor, List<Entry> taken);
}

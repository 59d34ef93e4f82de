package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// What the tail thread sleeps on: until a file or directory changes, somebody wakes it, or the
/// time is over. All but [#wake] belong to that thread.
sealed interface ChangeWatch extends AutoCloseable permits Inotify, Polling {
  /// [#wake] was called since the last [#await].
  int WOKEN = 1;

  /// A file in a watched directory has new content or new permissions.
  int MODIFIED = 2;

  /// A name came, went or changed in a watched directory, or the directory itself did.
  int LISTING = 4;

  /// A name that became another, both directly inside watched directories.
  record Move(Path from, Path to) {}

  /// Watches the files and names directly inside a directory. Repeating it is cheap and right: a
  /// directory that was deleted and made anew needs it.
  ///
  /// @return whether changes there will be told; false where the caller has to look by itself
  boolean watch(Path directory);

  /// Watches no directory but these any more.
  void retain(Set<Path> directories);

  /// Sleeps for at most `timeoutNanos`.
  ///
  /// @return any of [#WOKEN], [#MODIFIED], [#LISTING], or 0 when the time was over
  int await(long timeoutNanos);

  /// The moves that [#await] has met since the last call, in their order.
  List<Move> takeMoves();

  /// Ends the [#await] that is under way, else the next one. Any thread, never blocks.
  void wake();

  @Override
  void close();
}

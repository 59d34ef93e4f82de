package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.function.Consumer;

/// Tells once that the system watches no more folders: from then on files are looked at many times
/// a second, which works, and is seen in nothing but the CPU time.
final class WatchLimit {
  /// What inotify_add_watch(2) fails with where the user has no watch left.
  static final int ENOSPC = 28;

  private final Consumer<String> notice;
  private boolean told;

  WatchLimit(Consumer<String> notice) {
    this.notice = notice;
  }

  boolean isTold() {
    return told;
  }

  /// @param errno why a folder could not be watched
  void failed(Path folder, int errno) {
    if (errno == ENOSPC && !told) {
      told = true;
      notice.accept(
          "changes in "
              + folder
              + " are not told: fs.inotify.max_user_watches is used up. Files are polled instead,"
              + " which costs CPU time; sysctl -w fs.inotify.max_user_watches=... on the node"
              + " raises it");
    }
  }
}

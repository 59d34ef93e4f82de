package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// Tells once of each folder with what the sidecar itself writes that it is not read. One thread.
final class LeftOut {
  /// A template may make any number of folders.
  private static final int MAX_TOLD = 100;

  private final Consumer<String> notice;
  private final Set<String> told = new HashSet<>();

  LeftOut(Consumer<String> notice) {
    this.notice = notice;
  }

  /// @param folders with whose they are
  void tell(Map<Path, String> folders) {
    folders.forEach(
        (folder, owner) -> {
          String line =
              folder
                  + ": what the sidecar itself writes there ("
                  + owner
                  + ") is not read, though a source includes it";
          if (told.size() < MAX_TOLD && told.add(line)) {
            notice.accept(line);
          }
        });
  }
}

package dev.pannier.collector;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.checkpoint.DurableDirectory;
import dev.pannier.collector.config.BufferSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The directories of disk buffers in which records may wait, a line each in `buffers` of `state.directory`. The positions of files
/// have passed what is there, so it has to be shipped whatever `buffer` says by now. One thread.
final class FormerBuffers {
  private static final String NAME = "buffers";

  private final Path stateDirectory;
  private final Consumer<String> notice;
  private final Set<Path> directories = new LinkedHashSet<>();

  /// Those of which nothing was there when the process began.
  private final Set<Path> gone = new HashSet<>();

  private boolean isKnown = true;

  /// @param notice takes a line about what is amiss
  FormerBuffers(Path stateDirectory, Consumer<String> notice) {
    this.stateDirectory = stateDirectory;
    this.notice = notice;
    try {
      for (String line : Files.readAllLines(file(stateDirectory), UTF_8)) {
        if (line.startsWith("/")) {
          directories.add(Path.of(line));
        }
      }
    } catch (NoSuchFileException e) {
      // A version before this one did not tell.
      Path byDefault = BufferSettings.defaultDirectory(stateDirectory);
      if (SegmentLog.isThere(byDefault)) {
        directories.add(byDefault);
      }
    } catch (IOException e) {
      isKnown = false;
      notice.accept(
          "where disk buffers were cannot be read ("
              + e
              + "): what waits in one that is not configured any more is not shipped");
    }
    for (Path directory : directories) {
      if (!SegmentLog.isThere(directory)) {
        gone.add(directory);
      }
    }
  }

  /// Where they are named.
  static Path file(Path stateDirectory) {
    return stateDirectory.resolve(NAME);
  }

  /// Those that are not the one which is configured.
  List<Path> others(BufferSettings now) {
    return directories.stream()
        .filter(
            directory ->
                now.type() == BufferSettings.Type.MEMORY || !directory.equals(now.directory()))
        .toList();
  }

  /// Whether nothing was there of one that is named when the process began.
  boolean isGone(Path directory) {
    return gone.contains(directory);
  }

  /// Whether records may wait where nobody ships them from: then no position of a file tells that all before it was shipped.
  ///
  /// @param open where they are shipped from; null for nowhere
  boolean mayWaitElsewhere(@Nullable Path open) {
    return !isKnown
        || !gone.isEmpty()
        || directories.stream().anyMatch(directory -> !directory.equals(open));
  }

  /// Records are about to be put there.
  void add(Path directory) {
    if (isGone(directory)) {
      notice.accept(
          "buffer.directory "
              + directory
              + " was used before, and nothing of it is there: it begins empty. What waited in it"
              + " is not shipped, unless a start finds it there again");
    }
    if (directories.add(directory)) {
      store();
    }
  }

  /// Nothing waits there any more.
  void remove(Path directory) {
    if (directories.remove(directory)) {
      store();
    }
  }

  private void store() {
    StringBuilder lines = new StringBuilder();
    directories.forEach(directory -> lines.append(directory).append('\n'));
    try {
      DurableDirectory.make(stateDirectory);
      DurableDirectory.replace(stateDirectory, NAME, lines.toString().getBytes(UTF_8));
    } catch (IOException e) {
      notice.accept(
          "where the disk buffer is cannot be stored ("
              + e
              + "): ship what it holds before buffer.type or buffer.directory change");
    }
  }
}

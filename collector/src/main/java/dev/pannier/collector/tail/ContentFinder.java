package dev.pannier.collector.tail;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Looks through one folder for the content of a generation, under any name, gzip'd or not.
final class ContentFinder {
  /// Which files are worth opening.
  interface Candidate {
    boolean mayBe(Path path, FileKey place);
  }

  /// Whether an opened file is the one.
  interface Match {
    boolean is(Probe probe) throws IOException;
  }

  private static final int MAX_ENTRIES = 10_000;

  private ContentFinder() {}

  /// @param taken what is being read already and so is no candidate
  /// @return the first that matches, opened, and the caller's to close; null if there is none
  static @Nullable Probe first(Path folder, Set<FileKey> taken, Candidate candidate, Match match)
      throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      int count = 0;
      for (Path path : entries) {
        if (++count > MAX_ENTRIES) {
          break;
        }
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          continue;
        }
        Probe found = open(path, taken, candidate, match);
        if (found != null) {
          return found;
        }
      }
      return null;
    }
  }

  private static @Nullable Probe open(
      Path path, Set<FileKey> taken, Candidate candidate, Match match) throws IOException {
    Probe probe = null;
    boolean found = false;
    try {
      FileKey place = FileKey.of(path);
      if (!taken.contains(place) && candidate.mayBe(path, place)) {
        probe = Probe.open(path, place);
        found = match.is(probe);
      }
    } catch (IOException e) {
      // Gone, closed to us, or broken: whatever it was, it cannot be read on.
      found = false;
    } finally {
      if (probe != null && !found) {
        probe.close();
      }
    }
    return found ? probe : null;
  }
}

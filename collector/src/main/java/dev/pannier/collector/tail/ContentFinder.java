package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Looks through folders for the content of generations, under any name, gzip'd or not.
///
/// A folder is listed once for all generations that are looked for until [#forget], and the head of
/// each of its files is read once: thousands of files may be rotated together, and to open each of
/// them for each other would take minutes.
final class ContentFinder {
  /// Which files are worth opening.
  interface Candidate {
    boolean mayBe(Path path, FileKey place);
  }

  /// Which files are none of it, though all that is known of the content is the same.
  interface Refusal {
    /// @param probe the file, opened
    boolean refuses(Path path, Probe probe) throws IOException;
  }

  private static final Refusal NONE = (path, probe) -> false;

  private static final class Entry {
    final Path path;
    final FileKey place;

    /// Of its content; null as long as nobody asked for it, and where it cannot be read.
    @Nullable Fingerprint head;

    boolean opened;

    private boolean asked;
    private boolean own;

    Entry(Path path, FileKey place) {
      this.path = path;
      this.place = place;
    }

    /// Whether it is not to be looked into; asked once, since the answer is dear.
    boolean isOwn(Predicate<Path> ownFiles) {
      if (!asked) {
        asked = true;
        own = ownFiles.test(path);
      }
      return own;
    }
  }

  private static final class Listing {
    final List<Entry> entries = new ArrayList<>();

    /// A file went away after it was listed: perhaps to another name, or into a .gz.
    boolean stale;
  }

  private static final int MAX_ENTRIES = 10_000;

  /// So often what changes while it is looked at is listed anew.
  private static final int MAX_LISTINGS = 3;

  private final Map<Path, Listing> folders = new HashMap<>();

  /// Folders are listed anew from now on. To be called between the moment when content was found to
  /// be gone and the search for its copy: one that was made meanwhile is in no older listing.
  void forget() {
    folders.clear();
  }

  /// @param taken what is being read already and so is no candidate
  /// @return the first that is this content at least as far as the position, opened, and the
  ///     caller's to close; null if there is none
  @Nullable Probe first(
      Path folder, Set<FileKey> taken, Candidate candidate, Fingerprint begun, Anchor read)
      throws IOException {
    return first(folder, taken, candidate, path -> false, NONE, begun, read);
  }

  private @Nullable Probe first(
      Path folder,
      Set<FileKey> taken,
      Candidate candidate,
      Predicate<Path> own,
      Refusal refusal,
      Fingerprint begun,
      Anchor read)
      throws IOException {
    for (int i = 0; i < MAX_LISTINGS; i++) {
      Listing listing = folders.get(folder);
      if (listing == null || listing.stale) {
        listing = list(folder);
        folders.put(folder, listing);
      }
      for (Entry entry : listing.entries) {
        if (taken.contains(entry.place)
            || !candidate.mayBe(entry.path, entry.place)
            || entry.isOwn(own)) {
          continue;
        }
        Probe found = open(listing, entry, refusal, begun, read);
        if (found != null) {
          return found;
        }
      }
      if (!listing.stale) {
        return null;
      }
    }
    return null;
  }

  /// Where a generation's content goes on that is gone from its file: in another one beside it.
  ///
  /// @param except where it was
  /// @param own    what is not looked into
  /// @param refusal what is another generation's
  /// @return opened, and the caller's to close; null if there is none
  @Nullable Probe continuation(
      Path original,
      FileKey except,
      Set<FileKey> taken,
      Predicate<Path> own,
      Refusal refusal,
      Fingerprint begun,
      Anchor read)
      throws IOException {
    Path folder = original.getParent();
    if (begun.length() == 0 || folder == null) {
      return null;
    }
    boolean byName = begun.length() < Fingerprint.SHORTEST_STEP;
    return first(
        folder,
        taken,
        (path, place) ->
            !place.equals(except)
                && !path.equals(original)
                && (!byName || RotatedNames.stem(path).equals(RotatedNames.stem(original))),
        own,
        refusal,
        begun,
        read);
  }

  /// Gzip'd files last: while one is being written, what it is made of is whole.
  private static Listing list(Path folder) throws IOException {
    Listing listing = new Listing();
    List<Entry> zipped = new ArrayList<>();
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(folder)) {
      int count = 0;
      for (Path path : paths) {
        if (++count > MAX_ENTRIES) {
          break;
        }
        try {
          if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            boolean gz = path.toString().endsWith(".gz");
            (gz ? zipped : listing.entries).add(new Entry(path, FileKey.of(path)));
          }
        } catch (NoSuchFileException e) {
          listing.stale = true;
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    listing.entries.addAll(zipped);
    return listing;
  }

  private static @Nullable Probe open(
      Listing listing, Entry entry, Refusal refusal, Fingerprint begun, Anchor read) {
    Fingerprint head = entry.head;
    if (entry.opened
        && (head == null || head.length() < begun.length() || !begun.agreesWith(head))) {
      return null;
    }
    Probe probe = null;
    boolean found = false;
    try {
      probe = Probe.open(entry.path, entry.place);
      entry.opened = true;
      entry.head = probe.fingerprint();
      if (FileKey.of(entry.path).equals(entry.place)) {
        found = probe.continues(begun, read) && !refusal.refuses(entry.path, probe);
      } else {
        listing.stale = true;
      }
    } catch (NoSuchFileException e) {
      entry.opened = true;
      listing.stale = true;
    } catch (IOException e) {
      // Closed to us, or broken: whatever it was, it cannot be read on.
      entry.opened = true;
    } finally {
      if (probe != null && !found) {
        close(probe);
      }
    }
    return found ? probe : null;
  }

  private static void close(Probe probe) {
    try {
      probe.close();
    } catch (IOException e) {
      // It was only read from: nothing can be lost by a failing close.
      return;
    }
  }
}

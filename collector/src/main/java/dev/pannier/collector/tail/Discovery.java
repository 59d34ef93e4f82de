package dev.pannier.collector.tail;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Walks the sources' folders: which files match, what else lies beside them, what cannot be read.
final class Discovery {
  /// A file that matches a source.
  ///
  /// @param path that a source takes
  /// @param name what it was called when its kinship is asked for: the path, but for what was renamed unseen
  /// @param real where it is, after symbolic links
  /// @param madeNanos when it was made, so far as the file system knows, or written to last; 0 where nobody has asked
  record Found(
      TailSource source,
      Path path,
      Path name,
      Path real,
      FileKey place,
      long sizeBytes,
      long modifiedMillis,
      long madeNanos) {
    /// Whether nobody saw how it got its name.
    boolean isUnseen() {
      return !name.equals(path);
    }

    Found of(TailSource other) {
      return new Found(other, path, name, real, place, sizeBytes, modifiedMillis, madeNanos);
    }
  }

  /// A file beside them that matches nothing.
  record Other(Path path, long sizeBytes, long modifiedMillis) {}

  private static final int WALKS_REMEMBERED = 32;

  private static final String MISSING = "no such folder: mount the application's log volume there";

  private List<TailSource> sources;
  private final Map<Path, Found> found = new LinkedHashMap<>();
  private final List<Other> others = new ArrayList<>();

  /// Where those of them are of which anybody asked.
  private final Map<Path, FileKey> placesOfOthers = new HashMap<>();

  private final Set<FileKey> otherPlaces = new HashSet<>();

  private final Map<Path, String> problems = new TreeMap<>();
  private final Set<Path> folders = new LinkedHashSet<>();

  /// What could not be looked into: for want of descriptors, of permission, or a failing disk.
  private final Set<Path> unseen = new LinkedHashSet<>();

  /// Where files of the last walks were, by the JDK's own key, which comes with the attributes of
  /// the walk: to ask for the numbers is the dearest look at a file. Asked anew now and then, since
  /// another file may come to a path between the two looks.
  private final Map<Object, FileKey> places = new HashMap<>();

  private int walks;
  private OwnFiles ownFiles = new OwnFiles();
  private OwnFiles.Look own = ownFiles.look();

  /// What was left out in the last walk, with whose it is.
  private final Map<Path, String> leftOut = new TreeMap<>();

  Discovery(List<TailSource> sources) {
    this.sources = sources;
  }

  /// From the next walk on.
  void sources(List<TailSource> other) {
    sources = other;
  }

  /// What is never found, from the next walk on.
  void leaveOut(OwnFiles files) {
    ownFiles = files;
  }

  /// Looks anew at everything.
  void walk() {
    own = ownFiles.look();
    leftOut.clear();
    found.clear();
    others.clear();
    placesOfOthers.clear();
    otherPlaces.clear();
    problems.clear();
    folders.clear();
    unseen.clear();
    if (walks++ % WALKS_REMEMBERED == 0) {
      places.clear();
    }
    for (TailSource source : sources) {
      for (Path root : source.globs.roots()) {
        walk(source, root);
      }
    }
  }

  /// Folders whose files, or some of whose files, are the sidecar's own and were left out, with the configuration's keys for them.
  Map<Path, String> leftOut() {
    return leftOut;
  }

  /// Whether a file is the sidecar's own.
  ///
  /// @param path as it is found
  boolean isOwn(Path path) {
    try {
      return own.ownerOf(path.toRealPath()) != null;
    } catch (IOException e) {
      return false;
    }
  }

  /// By path, in the order of the walk.
  Map<Path, Found> found() {
    return found;
  }

  List<Other> others() {
    return others;
  }

  /// Where one of them is; asked once a walk.
  ///
  /// @throws IOException where it is not there or may not be looked at
  FileKey placeOf(Other other) throws IOException {
    FileKey place = placesOfOthers.get(other.path());
    if (place == null) {
      place = FileKey.of(other.path());
      placesOfOthers.put(other.path(), place);
      otherPlaces.add(place);
    }
    return place;
  }

  /// Asks where those are that have at least so many bytes.
  void placeOthers(long leastBytes) {
    for (Other other : others) {
      if (other.sizeBytes() >= leastBytes) {
        try {
          placeOf(other);
        } catch (IOException e) {
          // It has gone on, or may not be looked at: its name helps nobody.
          placesOfOthers.remove(other.path());
        }
      }
    }
  }

  /// Whether one of those of which anybody asked since the walk lies there.
  boolean hasOtherAt(FileKey place) {
    return otherPlaces.contains(place);
  }

  /// The folders in which a change may concern a source.
  Set<Path> folders() {
    return folders;
  }

  /// What matches and cannot be read, with what to do; others may add to it until the next walk.
  Map<Path, String> problems() {
    return problems;
  }

  /// The sources' folders that are missing or cannot be looked into, with what to do; but for the
  /// default one where it is missing.
  List<String> folderProblems() {
    List<String> all = new ArrayList<>();
    for (TailSource source : sources) {
      for (Path root : source.globs.roots()) {
        String problem = problems.get(root);
        if (problem != null
            && !(problem.equals(MISSING) && source.settings.isOverDefaultFolder())) {
          all.add(source.name() + ": " + root + ": " + problem);
        }
      }
    }
    return all;
  }

  /// Whether a path that was not found is gone; otherwise nothing can be said about it.
  boolean sees(Path path) {
    return unseen.stream().noneMatch(path::startsWith);
  }

  boolean seesAll() {
    return unseen.isEmpty();
  }

  private void hidden(Path path, IOException e) {
    unseen.add(path);
    problems.put(path, whatToDo(e));
  }

  private void walk(TailSource source, Path root) {
    Path real;
    try {
      real = root.toRealPath();
    } catch (NoSuchFileException e) {
      problems.put(root, MISSING);
      return;
    } catch (IOException e) {
      hidden(root, e);
      return;
    }
    try {
      // From where the folder really is: one that is a link itself would not be entered.
      Files.walkFileTree(
          real,
          EnumSet.noneOf(FileVisitOption.class),
          source.globs.depth(),
          new Visitor(source, root, real));
    } catch (IOException e) {
      hidden(root, e);
    }
  }

  private final class Visitor extends SimpleFileVisitor<Path> {
    private final TailSource source;
    private final Path root;
    private final Path realRoot;

    Visitor(TailSource source, Path root, Path realRoot) {
      this.source = source;
      this.root = root;
      this.realRoot = realRoot;
    }

    /// A path as the configuration calls it.
    private Path named(Path real) {
      return root.equals(realRoot) ? real : root.resolve(realRoot.relativize(real));
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      String owner = own.ownerOfFolder(folder);
      if (owner != null) {
        leftOut.put(named(folder), owner);
        return FileVisitResult.SKIP_SUBTREE;
      }
      folders.add(named(folder));
      return FileVisitResult.CONTINUE;
    }

    private boolean isOwn(Path real) {
      String owner = own.ownerOf(real);
      Path folder = real.getParent();
      if (owner != null && folder != null && source.globs.matches(named(real))) {
        leftOut.put(named(folder), owner);
      }
      return owner != null;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (isOwn(file)) {
        return FileVisitResult.CONTINUE;
      }
      Path path = named(file);
      if (!source.globs.matches(path)) {
        if (attributes.isRegularFile()) {
          others.add(new Other(path, attributes.size(), attributes.lastModifiedTime().toMillis()));
        }
      } else if (!found.containsKey(path)) {
        try {
          add(path, file, attributes);
        } catch (NoSuchFileException e) {
          // Gone meanwhile.
          found.remove(path);
        } catch (IOException e) {
          hidden(path, e);
        }
      }
      return FileVisitResult.CONTINUE;
    }

    private void add(Path path, Path file, BasicFileAttributes attributes) throws IOException {
      Path real = file;
      BasicFileAttributes target = attributes;
      if (attributes.isSymbolicLink()) {
        real = file.toRealPath();
        if (!real.startsWith(realRoot)) {
          problems.put(path, "symbolic link out of " + realRoot + ": not followed");
          return;
        }
        if (isOwn(real)) {
          return;
        }
        target = Files.readAttributes(real, BasicFileAttributes.class);
        Path folder = real.getParent();
        if (folder != null) {
          // What is written there is told there.
          folders.add(named(folder));
        }
      }
      if (target.isRegularFile()) {
        found.put(
            path,
            new Found(
                source,
                path,
                path,
                real,
                place(real, target),
                target.size(),
                target.lastModifiedTime().toMillis(),
                target.creationTime().to(TimeUnit.NANOSECONDS)));
      }
    }

    private FileKey place(Path real, BasicFileAttributes attributes) throws IOException {
      Object key = attributes.fileKey();
      FileKey known = key == null ? null : places.get(key);
      if (known != null) {
        return known;
      }
      FileKey place = FileKey.of(real);
      if (key != null
          && key.equals(Files.readAttributes(real, BasicFileAttributes.class).fileKey())) {
        places.put(key, place);
      }
      return place;
    }

    @Override
    public FileVisitResult visitFileFailed(Path path, IOException e) {
      if (!(e instanceof NoSuchFileException)) {
        hidden(named(path), e);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) {
      if (e != null && !(e instanceof NoSuchFileException)) {
        hidden(named(folder), e);
      }
      return FileVisitResult.CONTINUE;
    }
  }

  static String whatToDo(IOException e) {
    return e instanceof AccessDeniedException denied
        ? "permission denied: " + lineToAdd(denied.getFile())
        : String.valueOf(e.getMessage());
  }

  /// What a Pod's manifest lacks. A group helps only where the mode lets it read, and the sidecar is never root.
  private static String lineToAdd(@Nullable String path) {
    try {
      Path file = Path.of(String.valueOf(path));
      PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
      if (attributes.permissions().contains(PosixFilePermission.GROUP_READ)) {
        Object group = Files.getAttribute(file, "unix:gid");
        return "add runAsGroup: %1$s to the sidecar's securityContext, or fsGroup: %1$s to the Pod's"
            .formatted(group);
      }
      String mode = PosixFilePermissions.toString(attributes.permissions());
      int owner = (int) Files.getAttribute(file, "unix:uid");
      return "its mode is %s: let its group read it (umask 027) and add fsGroup to the Pod's securityContext"
              .formatted(mode)
          + (owner == 0 ? "" : ", or runAsUser: " + owner + " to the sidecar's");
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return "let the sidecar's user or group read it (securityContext.fsGroup)";
    }
  }
}

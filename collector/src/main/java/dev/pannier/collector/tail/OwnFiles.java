package dev.pannier.collector.tail;

import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.Configuration;
import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.file.OutputFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What the sidecar itself writes. No source reads it, whatever its globs say: each line that was shipped would make another.
///
/// Folders are told by device and inode, so that neither a symbolic link nor a second mount of the volume hides them. Of the
/// folders that applications may write to as well only the sidecar's own names are left out. What was its own once stays so
/// while the process lives. Thread-safe, but for [Look].
public final class OwnFiles {
  /// In `state.directory`, whoever else uses that.
  private static final Pattern STATE =
      Pattern.compile(
          "(lock|identity|positions|receipt\\.json|buffers|kafka-.*\\.offset)(\\.tmp|\\.unreadable)?"
              + "|positions\\.(reserve|former)|\\.writable");

  /// @param key   of the configuration, for people
  /// @param rule  what makes `files` what it is
  /// @param files which of the paths below the folder; null for all of them
  private record Entry(String key, Path folder, Object rule, @Nullable Predicate<Path> files) {
    boolean isWhole() {
      return files == null;
    }

    boolean isLike(Entry other) {
      return key.equals(other.key) && folder.equals(other.folder) && rule.equals(other.rule);
    }
  }

  /// @param at where its folder is for who looks
  private record Located(Entry entry, Path at) {
    boolean has(Path real) {
      Predicate<Path> files = entry.files();
      return files == null || files.test(entry.folder().resolve(at.relativize(real)));
    }
  }

  private final List<Entry> entries = new CopyOnWriteArrayList<>();

  /// Where standard output and standard error go, if that is a file.
  public void addStreams() {
    for (String stream : List.of("1", "2")) {
      Path file = streamFile(stream);
      if (file != null) {
        addFile(stream.equals("1") ? "standard output" : "standard error", file);
      }
    }
  }

  private static @Nullable Path streamFile(String descriptor) {
    try {
      Path file = Path.of("/proc/self/fd", descriptor).toRealPath();
      return Files.isRegularFile(file) ? file : null;
    } catch (IOException e) {
      // A pipe, a socket, or no such folder: nothing that a source could read.
      return null;
    }
  }

  /// What a configuration makes the sidecar write, beside what is known already.
  public void add(Configuration configuration) {
    Path state = configuration.stateDirectory();
    add("state.directory", state, STATE, path -> isDirectly(path, state) && isState(path));
    if (configuration.buffer().type() == BufferSettings.Type.DISK) {
      addFolder("buffer.directory", configuration.buffer().directory());
    }
    Path log = configuration.shutdown().terminationLog();
    if (log != null) {
      addFile("shutdown.termination_log", log);
    }
    for (ShipperSettings shipper : configuration.shippers()) {
      String key = "shippers." + shipper.name();
      if (shipper instanceof ShipperSettings.File file) {
        OutputFiles output = OutputFiles.of(file);
        add(key + ".path", output.folder(), file, output::contains);
      }
      if (configuration.policy(shipper.name()).deadLetters() instanceof DeadLettersTo.File file) {
        addFile(key + ".dead_letter.path", file.path());
      }
    }
  }

  /// All that is in a folder.
  public void addFolder(String key, Path folder) {
    add(key, folder, "", null);
  }

  private void addFile(String key, Path file) {
    Path path = file.normalize();
    Path folder = path.getParent();
    if (folder != null) {
      add(key, folder, path, path::equals);
    }
  }

  private void add(String key, Path folder, Object rule, @Nullable Predicate<Path> files) {
    Entry made = new Entry(key, folder, rule, files);
    if (entries.stream().noneMatch(made::isLike)) {
      entries.add(made);
    }
  }

  private static boolean isDirectly(Path path, Path folder) {
    return folder.equals(path.getParent());
  }

  private static boolean isState(Path path) {
    return STATE.matcher(String.valueOf(path.getFileName())).matches();
  }

  /// Where all of it is now.
  Look look() {
    Map<Object, List<Entry>> folders = new HashMap<>();
    for (Entry entry : entries) {
      Object key = keyOf(entry.folder());
      if (key != null) {
        folders.computeIfAbsent(key, any -> new ArrayList<>()).add(entry);
      }
    }
    return new Look(folders);
  }

  /// @return null where there is nothing, or nothing to know it by
  private static @Nullable Object keyOf(Path folder) {
    try {
      return Files.readAttributes(folder, BasicFileAttributes.class).fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  /// The folders as they were at one moment. One thread.
  static final class Look {
    private final Map<Object, List<Entry>> folders;
    private final Map<Path, List<Located>> located = new HashMap<>();

    private Look(Map<Object, List<Entry>> folders) {
      this.folders = folders;
    }

    /// Whether all that is in a folder is the sidecar's own.
    ///
    /// @param real without symbolic links
    /// @return the configuration's key for it; null where it is not
    @Nullable String ownerOfFolder(Path real) {
      for (Located each : at(real)) {
        if (each.entry().isWhole()) {
          return each.entry().key();
        }
      }
      return null;
    }

    /// The same of a file.
    @Nullable String ownerOf(Path real) {
      Path folder = real.getParent();
      if (folder != null) {
        for (Located each : at(folder)) {
          if (each.has(real)) {
            return each.entry().key();
          }
        }
      }
      return null;
    }

    /// Whose folders it is in.
    private List<Located> at(Path folder) {
      if (folders.isEmpty()) {
        return List.of();
      }
      List<Located> known = located.get(folder);
      if (known != null) {
        return known;
      }
      Path parent = folder.getParent();
      List<Located> all = new ArrayList<>(parent == null ? List.of() : at(parent));
      Object key = keyOf(folder);
      if (key != null) {
        folders.getOrDefault(key, List.of()).forEach(entry -> all.add(new Located(entry, folder)));
      }
      located.put(folder, all);
      return all;
    }
  }
}

package dev.pannier.collector.simulation;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/// A path of a [SimulatedFileSystem]: the arithmetic is that of a path of the default one.
final class SimulatedPath implements Path {
  private final SimulatedFileSystem system;
  private final Path path;

  SimulatedPath(SimulatedFileSystem system, Path path) {
    this.system = system;
    this.path = path;
  }

  /// The same path of the default file system, for matchers.
  Path real() {
    return path;
  }

  private SimulatedPath of(Path other) {
    return new SimulatedPath(system, other);
  }

  private @Nullable SimulatedPath orNull(@Nullable Path other) {
    return other == null ? null : of(other);
  }

  private static Path in(Path other) {
    return ((SimulatedPath) other).path;
  }

  @Override
  public FileSystem getFileSystem() {
    return system;
  }

  @Override
  public boolean isAbsolute() {
    return path.isAbsolute();
  }

  @Override
  public @Nullable Path getRoot() {
    return orNull(path.getRoot());
  }

  @Override
  public @Nullable Path getFileName() {
    return orNull(path.getFileName());
  }

  @Override
  public @Nullable Path getParent() {
    return orNull(path.getParent());
  }

  @Override
  public int getNameCount() {
    return path.getNameCount();
  }

  @Override
  public Path getName(int index) {
    return of(path.getName(index));
  }

  @Override
  public Path subpath(int beginIndex, int endIndex) {
    return of(path.subpath(beginIndex, endIndex));
  }

  @Override
  public boolean startsWith(Path other) {
    return path.startsWith(in(other));
  }

  @Override
  public boolean endsWith(Path other) {
    return path.endsWith(in(other));
  }

  @Override
  public Path normalize() {
    return of(path.normalize());
  }

  @Override
  public Path resolve(Path other) {
    return of(path.resolve(in(other)));
  }

  @Override
  public Path relativize(Path other) {
    return of(path.relativize(in(other)));
  }

  @Override
  public URI toUri() {
    return URI.create("simulated:" + path);
  }

  @Override
  public Path toAbsolutePath() {
    return this;
  }

  @Override
  public Path toRealPath(LinkOption... options) throws IOException {
    system.disk.look();
    if (system.disk.find(toString()) == null) {
      throw new NoSuchFileException(toString());
    }
    return this;
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int compareTo(Path other) {
    return path.compareTo(in(other));
  }

  @Override
  public Iterator<Path> iterator() {
    Iterator<Path> names = path.iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return names.hasNext();
      }

      @Override
      public Path next() {
        return of(names.next());
      }
    };
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SimulatedPath that && that.path.equals(path);
  }

  @Override
  public int hashCode() {
    return path.hashCode();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}

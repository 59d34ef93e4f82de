package dev.pannier.collector.simulation;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `java.nio.file` over a [SimulatedDisk], as far as Pannier uses it. No symbolic links.
final class SimulatedFileSystem extends FileSystem {
  final SimulatedDisk disk;
  private final Provider provider = new Provider();
  private final Map<String, PathMatcher> matchers = new HashMap<>();

  SimulatedFileSystem(SimulatedDisk disk) {
    this.disk = disk;
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public SimulatedPath getPath(String first, String... more) {
    return new SimulatedPath(this, Path.of(first, more));
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    PathMatcher matcher =
        matchers.computeIfAbsent(syntaxAndPattern, FileSystems.getDefault()::getPathMatcher);
    return path -> matcher.matches(((SimulatedPath) path).real());
  }

  @Override
  public void close() {}

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of(getPath("/"));
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic", "unix");
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException();
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException();
  }

  private record Attributes(long inode, long size, long changedMillis, boolean folder)
      implements BasicFileAttributes {
    static Attributes of(SimulatedDisk.Node node) {
      return new Attributes(node.inode, node.size, node.changedMillis, node.isFolder());
    }

    @Override
    public FileTime lastModifiedTime() {
      return FileTime.fromMillis(changedMillis);
    }

    @Override
    public FileTime lastAccessTime() {
      return lastModifiedTime();
    }

    @Override
    public FileTime creationTime() {
      return lastModifiedTime();
    }

    @Override
    public boolean isRegularFile() {
      return !folder;
    }

    @Override
    public boolean isDirectory() {
      return folder;
    }

    @Override
    public boolean isSymbolicLink() {
      return false;
    }

    @Override
    public boolean isOther() {
      return false;
    }

    @Override
    public Object fileKey() {
      return inode;
    }
  }

  private final class Provider extends FileSystemProvider {
    @Override
    public String getScheme() {
      return "simulated";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
      return SimulatedFileSystem.this;
    }

    @Override
    public Path getPath(URI uri) {
      throw new UnsupportedOperationException();
    }

    @Override
    public SeekableByteChannel newByteChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      boolean appends = options.contains(StandardOpenOption.APPEND);
      boolean writes = appends || options.contains(StandardOpenOption.WRITE);
      boolean reads = !writes || options.contains(StandardOpenOption.READ);
      SimulatedDisk.Node node =
          disk.open(
              (SimulatedPath) path,
              writes && options.contains(StandardOpenOption.CREATE),
              writes && options.contains(StandardOpenOption.CREATE_NEW),
              writes && options.contains(StandardOpenOption.TRUNCATE_EXISTING));
      return new SimulatedChannel(disk, node, reads, writes, appends);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(
        Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
      SimulatedDisk.Node node = disk.get(folder.toString());
      List<Path> paths = new ArrayList<>();
      if (node.names != null) {
        for (String name : node.names.keySet()) {
          Path path = folder.resolve(name);
          if (filter.accept(path)) {
            paths.add(path);
          }
        }
      }
      return new DirectoryStream<>() {
        @Override
        public Iterator<Path> iterator() {
          return paths.iterator();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
      disk.makeFolder((SimulatedPath) folder, false);
    }

    @Override
    public void delete(Path path) throws IOException {
      disk.delete((SimulatedPath) path);
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
      SimulatedDisk.Node from = disk.get(source.toString());
      SimulatedDisk.Node to = disk.open((SimulatedPath) target, false, true, false);
      disk.write(to, 0, from.bytes, 0, from.size);
      disk.close(to);
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
      List<CopyOption> all = List.of(options);
      disk.move(
          (SimulatedPath) source,
          (SimulatedPath) target,
          all.contains(StandardCopyOption.REPLACE_EXISTING)
              || all.contains(StandardCopyOption.ATOMIC_MOVE));
    }

    @Override
    public boolean isSameFile(Path path, Path other) {
      return path.equals(other);
    }

    @Override
    public boolean isHidden(Path path) {
      return false;
    }

    @Override
    public FileStore getFileStore(Path path) {
      return new SimulatedFileStore(disk);
    }

    @Override
    public void createLink(Path link, Path existing) throws IOException {
      disk.link((SimulatedPath) link, (SimulatedPath) existing);
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
      disk.get(path.toString());
    }

    @Override
    public boolean exists(Path path, LinkOption... options) {
      disk.look();
      return disk.find(path.toString()) != null;
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
        Path path, Class<V> type, LinkOption... options) {
      return null;
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
        Path path, Class<A> type, LinkOption... options) throws IOException {
      return type.cast(Attributes.of(disk.get(path.toString())));
    }

    @Override
    public <A extends BasicFileAttributes> @Nullable A readAttributesIfExists(
        Path path, Class<A> type, LinkOption... options) throws IOException {
      try {
        return readAttributes(path, type, options);
      } catch (NoSuchFileException e) {
        return null;
      }
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
        throws IOException {
      SimulatedDisk.Node node = disk.get(path.toString());
      return Map.of("dev", 1L, "ino", node.inode, "nlink", node.links);
    }

    @Override
    public void setAttribute(Path path, String name, Object value, LinkOption... options) {
      throw new UnsupportedOperationException();
    }
  }
}

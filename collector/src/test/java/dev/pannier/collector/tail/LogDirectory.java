package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/// An application's side: one log file that is written to and rotated in every way there is.
public final class LogDirectory {
  private final Path folder;
  public final Path file;

  public LogDirectory(Path folder, String name) {
    this.folder = folder;
    this.file = folder.resolve(name);
  }

  public void write(String text) {
    write(text.getBytes(UTF_8));
  }

  void write(byte[] bytes) {
    try {
      Files.write(file, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public boolean exists() {
    return Files.exists(file);
  }

  public boolean isEmpty() {
    try {
      return exists() && Files.size(file) == 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// `app.log` becomes `app.log.1`, and those before move up, compressed ones too.
  public Path rename() {
    shift();
    return move(file, numbered(1));
  }

  /// As rename, and the rotated file is compressed under the name with `.gz`.
  public Path renameAndGzip() {
    return gzip(rename());
  }

  public Path gzip(Path plain) {
    Path gzip = plain.resolveSibling(plain.getFileName() + ".gz");
    try {
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
        Files.copy(plain, out);
      }
      Files.delete(plain);
      return gzip;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// `app.log` is copied to `app.log.1` and emptied; the writer goes on in the same file.
  public Path copyAndTruncate() {
    shift();
    return copyAndTruncate(numbered(1));
  }

  Path copyAndTruncate(Path copy) {
    try {
      Files.copy(file, copy);
      truncate(0);
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The log keeps so many bytes of its beginning.
  void truncate(long size) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void delete() {
    delete(file);
  }

  public void delete(Path path) {
    try {
      Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path move(Path from, Path to) {
    try {
      return Files.move(from, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Sets the time of the log's last change.
  void modifiedAt(long millis) {
    try {
      Files.setLastModifiedTime(file, FileTime.fromMillis(millis));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Inode, size and time of last change.
  String state() {
    try {
      return exists()
          ? "[%d %d %d]"
              .formatted(inode(), Files.size(file), Files.getLastModifiedTime(file).toMillis())
          : "[]";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long inode() {
    try {
      return (long) Files.getAttribute(file, "unix:ino");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Deletes a file and makes another one with its inode.
  ///
  /// @return whether the file system gave that again
  static boolean makeWithInodeOf(Path gone, Path path) throws IOException {
    Object inode = Files.getAttribute(gone, "unix:ino");
    Path folder = Files.createDirectory(gone.resolveSibling("unused"));
    Files.delete(gone);
    boolean made = false;
    for (int i = 0; i < 64 && !made; i++) {
      Path next = Files.createFile(gone.resolveSibling("unused-" + i));
      made = Files.getAttribute(next, "unix:ino").equals(inode);
      Files.move(next, made ? path : folder.resolve(String.valueOf(i)));
    }
    try (Stream<Path> unused = Files.list(folder)) {
      for (Path each : unused.toList()) {
        Files.delete(each);
      }
    }
    Files.delete(folder);
    return made;
  }

  public Path numbered(int number) {
    return folder.resolve(file.getFileName() + "." + number);
  }

  private Path compressed(int number) {
    return folder.resolve(file.getFileName() + "." + number + ".gz");
  }

  private void shift() {
    int last = 30;
    while (Files.exists(numbered(last + 1)) || Files.exists(compressed(last + 1))) {
      last++;
    }
    for (int number = last; number >= 1; number--) {
      if (Files.exists(compressed(number))) {
        move(compressed(number), compressed(number + 1));
      }
      if (Files.exists(numbered(number))) {
        move(numbered(number), numbered(number + 1));
      }
    }
  }
}

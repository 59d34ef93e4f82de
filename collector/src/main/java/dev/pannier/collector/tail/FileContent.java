package dev.pannier.collector.tail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// An open file. It reads on through its descriptor after the file was renamed or deleted, and keeps
/// the inode from being used again.
final class FileContent implements Content {
  private final FileChannel channel;
  private @Nullable ByteBuffer wrapped;
  private byte[] wrappedArray = new byte[0];

  private FileContent(FileChannel channel) {
    this.channel = channel;
  }

  /// @param path without a symbolic link at its end: one is not followed
  static FileContent open(Path path) throws IOException {
    return new FileContent(
        FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
  }

  @Override
  public long size() throws IOException {
    return channel.size();
  }

  @Override
  public int read(byte[] buffer, int offset, int length, long position) throws IOException {
    ByteBuffer into = wrapped;
    if (into == null || wrappedArray != buffer) {
      into = ByteBuffer.wrap(buffer);
      wrapped = into;
      wrappedArray = buffer;
    }
    into.limit(offset + length).position(offset);
    return channel.read(into, position);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

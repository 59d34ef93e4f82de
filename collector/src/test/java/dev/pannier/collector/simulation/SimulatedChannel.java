package dev.pannier.collector.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/// An open file of a [SimulatedDisk]. The application's are not counted as open: what it writes to
/// it opens and closes at once.
final class SimulatedChannel extends FileChannel {
  private final SimulatedDisk disk;
  private final SimulatedDisk.Node node;
  private final boolean reads;
  private final boolean writes;
  private final boolean appends;
  private final boolean counted;
  private long position;

  SimulatedChannel(
      SimulatedDisk disk, SimulatedDisk.Node node, boolean reads, boolean writes, boolean appends) {
    this.disk = disk;
    this.node = node;
    this.reads = reads;
    this.writes = writes;
    this.appends = appends;
    counted = disk.isSidecar();
  }

  private void use() throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    int count = read(to, position);
    position += Math.max(0, count);
    return count;
  }

  @Override
  public long read(ByteBuffer[] to, int offset, int length) throws IOException {
    long total = 0;
    for (int i = offset; i < offset + length; i++) {
      int count = read(to[i]);
      if (count < 0) {
        return total == 0 ? -1 : total;
      }
      total += count;
    }
    return total;
  }

  @Override
  public int read(ByteBuffer to, long at) throws IOException {
    use();
    if (!reads) {
      throw new NonReadableChannelException();
    }
    disk.look();
    if (at >= node.size) {
      return -1;
    }
    int count = disk.readable(node, at, (int) Math.min(to.remaining(), node.size - at));
    to.put(node.bytes, (int) at, count);
    return count;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int count = write(from, appends ? node.size : position);
    position = appends ? node.size : position + count;
    return count;
  }

  @Override
  public long write(ByteBuffer[] from, int offset, int length) throws IOException {
    long total = 0;
    for (int i = offset; i < offset + length; i++) {
      total += write(from[i]);
    }
    return total;
  }

  @Override
  public int write(ByteBuffer from, long at) throws IOException {
    use();
    if (!writes) {
      throw new NonWritableChannelException();
    }
    byte[] bytes = new byte[from.remaining()];
    from.get(bytes);
    disk.write(node, at, bytes, 0, bytes.length);
    return bytes.length;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public FileChannel position(long newPosition) {
    position = newPosition;
    return this;
  }

  @Override
  public long size() throws IOException {
    use();
    disk.look();
    return node.size;
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    use();
    disk.truncate(node, size);
    position = Math.min(position, size);
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    use();
    disk.force(node);
  }

  @Override
  public long transferTo(long at, long count, WritableByteChannel target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long at, long count) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long at, long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileLock lock(long at, long size, boolean shared) throws IOException {
    FileLock lock = tryLock(at, size, shared);
    if (lock == null) {
      throw new IOException("would wait for a lock");
    }
    return lock;
  }

  @Override
  public @Nullable FileLock tryLock(long at, long size, boolean shared) throws IOException {
    use();
    disk.look();
    if (node.locked) {
      throw new OverlappingFileLockException();
    }
    node.locked = true;
    return new FileLock(this, at, size, shared) {
      @Override
      public boolean isValid() {
        return node.locked;
      }

      @Override
      public void release() {
        node.locked = false;
      }
    };
  }

  @Override
  protected void implCloseChannel() {
    if (counted) {
      node.locked = false;
      disk.close(node);
    }
  }
}

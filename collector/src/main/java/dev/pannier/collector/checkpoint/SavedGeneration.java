package dev.pannier.collector.checkpoint;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/// What is kept of one file generation: the content that began at one moment under one name, and
/// goes on through rename, copy and gzip.
///
/// @param id           random, never used for other content
/// @param source       the name of the source that read it
/// @param path         where it was first seen
/// @param acknowledged every byte before it is delivered
/// @param sizeBytes    as last seen
/// @param finished     read to its end, and gone from its path
/// @param seenSeconds  when it was last seen, in seconds since the epoch
/// @param madeNanos    when its file was made, as the file system tells it, in nanoseconds since the epoch; 0 where that is not known
public record SavedGeneration(
    long id,
    String source,
    long device,
    long inode,
    String path,
    Fingerprint fingerprint,
    Anchor acknowledged,
    long sizeBytes,
    boolean finished,
    long seenSeconds,
    long madeNanos) {

  /// The same, seen again.
  public SavedGeneration seenAt(long seconds) {
    return with(device, acknowledged, sizeBytes, finished, seconds, madeNanos);
  }

  /// The same, with the time when its file was made.
  SavedGeneration madeAt(long nanos) {
    return with(device, acknowledged, sizeBytes, finished, seenSeconds, nanos);
  }

  /// The same, delivered or taken over up to another position.
  public SavedGeneration acknowledgedTo(Anchor position) {
    long size = Math.max(sizeBytes, position.position());
    return with(device, position, size, finished, seenSeconds, madeNanos);
  }

  /// The same, with another size.
  public SavedGeneration ofSize(long bytes) {
    return with(device, acknowledged, bytes, finished, seenSeconds, madeNanos);
  }

  /// The same, on a device that has another number now.
  public SavedGeneration on(long number) {
    return with(number, acknowledged, sizeBytes, finished, seenSeconds, madeNanos);
  }

  /// The same, gone from its path with nothing left to read.
  public SavedGeneration atItsEnd() {
    return with(device, acknowledged, sizeBytes, true, seenSeconds, madeNanos);
  }

  private SavedGeneration with(
      long onDevice, Anchor upTo, long bytes, boolean atEnd, long seen, long made) {
    return new SavedGeneration(
        id, source, onDevice, inode, path, fingerprint, upTo, bytes, atEnd, seen, made);
  }

  /// But for when its file was made.
  void write(DataOutput out) throws IOException {
    out.writeLong(id);
    out.writeUTF(source);
    out.writeLong(device);
    out.writeLong(inode);
    out.writeUTF(path);
    fingerprint.write(out);
    out.writeLong(acknowledged.position());
    out.writeByte(acknowledged.tag());
    out.writeLong(acknowledged.hash());
    out.writeLong(sizeBytes);
    out.writeBoolean(finished);
    out.writeLong(seenSeconds);
  }

  static SavedGeneration read(DataInput in) throws IOException {
    return new SavedGeneration(
        in.readLong(),
        in.readUTF(),
        in.readLong(),
        in.readLong(),
        in.readUTF(),
        Fingerprint.read(in),
        anchor(in),
        in.readLong(),
        in.readBoolean(),
        in.readLong(),
        0);
  }

  private static Anchor anchor(DataInput in) throws IOException {
    try {
      return Anchor.of(in.readLong(), in.readUnsignedByte(), in.readLong());
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}

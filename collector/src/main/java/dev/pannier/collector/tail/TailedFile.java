package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Anchor.Skip;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.checkpoint.Hash;
import dev.pannier.collector.checkpoint.SavedGeneration;
import dev.pannier.parsers.LineParser;
import dev.pannier.shippers.batch.AttributesEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One file generation that is being read: offsets and identity, no content.
final class TailedFile {
  /// What a batch covered, up to a position.
  static final class Range {
    final TailedFile file;
    final Anchor end;
    boolean done;

    Range(TailedFile file, Anchor end) {
      this.file = file;
      this.end = end;
    }
  }

  /// Longer than a tick of any file system's clock.
  private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(2);

  TailSource source;
  final long generation;
  final Path path;
  final String uidPrefix;
  final byte[] attributes;

  /// What keeps its order, in the buffer and in Kafka: the volume and the path, so that the lines of a
  /// new file follow those of the one that was rotated away from it.
  final String key;

  final FileCursor cursor = new FileCursor();
  final ArrayDeque<Range> pending = new ArrayDeque<>(2);

  /// Where its bytes are; changes when the content goes on in a copy.
  FileKey place;

  @Nullable Content content;
  Fingerprint fingerprint;

  /// How far it was read into batches.
  Anchor read;

  final Trail trail = new Trail();

  /// How far it was acknowledged.
  Anchor acknowledged;

  long sizeBytes;

  /// What of that is on disk.
  long storedBytes;

  /// The size when it was last watched for growth.
  long watchedSize = -1;

  /// The size at the last read that left something for later.
  long leftAtSize = -1;

  /// A whole record is held back, since the next line may continue it.
  boolean held;

  long grewNanos;

  /// Nothing new comes under its path: it was renamed, deleted, or is a copy.
  boolean detached;

  /// Of a detached one: whether the last look found it by another name.
  boolean named = true;

  /// It had come to its end and was deleted by us: stored as it was then, so that no copy is taken for its rest.
  boolean followed;

  /// Its content is gone, and goes on in a copy.
  boolean copy;

  boolean finished;

  /// No source wants it any more: it is not read, and let go when all of it that is under way has left.
  boolean released;

  /// Its id is on disk.
  boolean stored;

  long seenSeconds;

  /// When its file was made, as the file system told it last; 0 where that is not known.
  long madeNanos;

  /// When its last change was told by its folder, and whether that was looked into.
  long modifiedMillis;

  long modifiedNanos;

  boolean suspect;

  /// It could not be read when it was tried last.
  boolean failing;

  /// So soon after a change, another one need not show from outside.
  boolean mayChangeUnseen;

  /// Whether it was empty when it was met, and may yet turn out to be a copy or a `.gz`.
  boolean unproven;

  /// How often it had grown when nothing had been told, and nothing was told just then.
  int untold;

  long untoldNanos;

  /// All that was read of it is NUL: what an application that does not append leaves before its
  /// next line when its file is emptied.
  boolean inHole;

  /// Its age among all generations.
  final long order;

  final long metNanos;

  /// Positions at which a batch has to end, ascending, from the next on.
  List<Anchor> barriers = List.of();

  int nextBarrier;

  /// What was under its path before and is read first, so that lines keep their order through a
  /// rotation.
  @Nullable TailedFile predecessor;

  @Nullable LineParser parser;
  @Nullable LineStart rule;
  @Nullable Transcoder charset;

  TailedFile(
      TailSource source,
      long volume,
      long generation,
      Path path,
      FileKey place,
      Fingerprint fingerprint,
      Anchor position,
      long order,
      long nowNanos) {
    this.source = source;
    this.generation = generation;
    this.path = path;
    this.place = place;
    this.fingerprint = fingerprint;
    this.read = position;
    this.acknowledged = position;
    this.order = order;
    this.grewNanos = nowNanos;
    this.metNanos = nowNanos;
    inHole = isAfterHole(position);
    cursor.skip = position.skip();
    uidPrefix = Uid.prefix(volume, generation);
    key = String.format("%016x/%016x", volume, Hash.of(path.toString().getBytes(UTF_8)));
    Map<String, String> names = new LinkedHashMap<>();
    names.put("log.file.name", String.valueOf(path.getFileName()));
    names.put("log.file.path", path.toString());
    attributes = AttributesEncoder.encode(names);
  }

  /// Where the batch that begins at the read position has to end; null for anywhere.
  @Nullable Anchor barrier() {
    while (nextBarrier < barriers.size()
        && barriers.get(nextBarrier).position() <= read.position()) {
      nextBarrier++;
    }
    return nextBarrier < barriers.size() ? barriers.get(nextBarrier) : null;
  }

  /// Before anything of it was read.
  ///
  /// @param ends positions behind it at which a batch has to end, ascending
  void startAt(Anchor position, List<Anchor> ends) {
    read = position;
    acknowledged = position;
    barriers = ends;
    nextBarrier = 0;
    inHole = isAfterHole(position);
    cursor.skip = position.skip();
  }

  private boolean isAfterHole(Anchor position) {
    return position.position() == 0 || (fingerprint.isOfNuls() && position.isAfterNuls());
  }

  /// It was seen under its path. File systems tell times in ticks of some milliseconds: what is emptied and filled again in the
  /// tick of the last change has its time, and may have its size.
  void noticed(Discovery.Found found, long nowNanos, long nowSeconds) {
    seen(found, nowSeconds);
    boolean changed = modifiedMillis != found.modifiedMillis() || sizeBytes != found.sizeBytes();
    if (changed) {
      modifiedMillis = found.modifiedMillis();
      modifiedNanos = nowNanos;
    }
    suspect |= changed || mayChangeUnseen;
    mayChangeUnseen = changed || nowNanos - modifiedNanos < TICK_NANOS;
  }

  /// It is what lies there.
  void seen(Discovery.Found found, long nowSeconds) {
    seenSeconds = nowSeconds;
    madeNanos = found.madeNanos();
  }

  /// It is under its path no more.
  void detach(long nowNanos, long nowSeconds) {
    detached = true;
    // Until now it may have been copied.
    seenSeconds = nowSeconds;
    grewNanos = nowNanos;
    // Perhaps it was emptied before it was renamed.
    suspect = true;
  }

  /// It is another source's from now on. What is not in a batch yet is read by other rules. Nothing here may give it up: gzip'd content
  /// begins anew for its head, by a name that may be gone, so its charset stays.
  ///
  /// @param begun its first bytes, where the rules are others and it is not gzip'd
  void moveTo(TailSource other, byte[] begun, int length) {
    boolean readsAs = other.readsAs(source);
    source = other;
    leftAtSize = -1;
    if (!readsAs) {
      parser = null;
      rule = null;
      if (!(content instanceof GzipContent)) {
        charset = length < 2 ? null : other.charset.forHead(begun, length);
        chooseParser(begun, length);
      }
    }
  }

  /// Of what is skipped the lines behind it tell nothing, and may be skipped themselves: those that the file begins with tell its parser.
  ///
  /// @param begun its first bytes
  void chooseParser(byte[] begun, int length) {
    Transcoder decoder = charset;
    if (cursor.skip == Skip.NOTHING || decoder == null) {
      return;
    }
    int hole = Bytes.endOfNuls(begun, 0, length) / decoder.unit() * decoder.unit();
    int from = Math.max(hole, decoder.markLength(begun, length));
    if (from >= length) {
      return;
    }
    decoder.toUtf8(begun, from, decoder.boundary(begun, from, length));
    // The last line is told by its beginning.
    byte[] lines = Arrays.copyOfRange(decoder.bytes(), decoder.from(), decoder.to() + 1);
    lines[lines.length - 1] = '\n';
    LineParser chosen = source.parsers.choose(lines, lines.length);
    parser = chosen;
    rule = source.rule(chosen, decoder);
  }

  void release() {
    released = true;
    held = false;
    sizeBytes = read.position();
  }

  /// Remembers that everything up to `end` is under way.
  Range track(Anchor end) {
    forgetBetween();
    Range range = new Range(this, end);
    pending.add(range);
    return range;
  }

  /// What is done behind one that waits comes to one range, however long that waits.
  private void forgetBetween() {
    Range last = pending.pollLast();
    while (last != null && last.done && pending.peekLast() != null && pending.getLast().done) {
      pending.removeLast();
    }
    if (last != null) {
      pending.add(last);
    }
  }

  /// Moves the acknowledged position over the contiguous prefix.
  ///
  /// @return whether it moved
  boolean advance() {
    boolean moved = false;
    for (Range first = pending.peek(); first != null && first.done; first = pending.peek()) {
      acknowledged = first.end;
      pending.remove();
      moved = true;
    }
    return moved;
  }

  /// Whether it was read to its end and nothing of it is under way.
  boolean isIdle() {
    return read.position() >= sizeBytes && pending.isEmpty() && !held;
  }

  SavedGeneration saved() {
    return new SavedGeneration(
        generation,
        source.name(),
        place.device(),
        place.inode(),
        path.toString(),
        fingerprint,
        acknowledged,
        sizeBytes,
        finished || followed,
        seenSeconds,
        madeNanos);
  }

  void close() {
    Content open = content;
    content = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // It was only read from: nothing can be lost by a failing close.
        held = false;
      }
    }
  }
}

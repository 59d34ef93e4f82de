package dev.pannier.shippers.kafka;

import dev.pannier.shippers.batch.Batch;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// The messages of a batch, in the order of the records. They are gone through more than once: sent when
/// all are known to fit.
///
/// Mostly all are kept. But what they take together has no bound of its own, since each of many records may
/// repeat what their resource has: where it is more than may be kept none is, and they are made anew each time, one
/// at a time. Nothing else is made by the same [Route] meanwhile.
final class Messages implements Iterable<Message> {
  static final Messages NONE = new Messages(List.of(), 0);

  /// What they are, where they are kept.
  private final List<Message> kept;

  /// What makes them, where they are not.
  private final @Nullable Source source;

  private final long heldBytes;

  /// @param leftOut records whose messages are left out
  private record Source(Route route, Batch batch, BitSet leftOut) {}

  private Messages(List<Message> kept, long heldBytes) {
    this.kept = kept;
    this.source = null;
    this.heldBytes = heldBytes;
  }

  private Messages(Source source) {
    this.kept = List.of();
    this.source = source;
    this.heldBytes = 0;
  }

  /// @param mostBytes that they may take
  /// @throws IllegalArgumentException where the batch is no OTLP request: here, or when they are gone through for the
  ///     first time
  static Messages of(Route route, Batch batch, long mostBytes) {
    long most = Math.min(route.likely(batch), mostBytes / Message.OBJECT_BYTES);
    List<Message> kept = new ArrayList<>((int) Math.max(0, most));
    long bytes = 0;
    route.start(batch);
    for (Message message = route.next(); message != null; message = route.next()) {
      bytes += message.heldBytes();
      if (bytes > mostBytes) {
        return new Messages(new Source(route, batch, new BitSet()));
      }
      kept.add(message);
    }
    return new Messages(kept, bytes);
  }

  /// Those that hold none of these records.
  Messages without(BitSet records) {
    if (source != null) {
      return new Messages(new Source(source.route, source.batch, records));
    }
    List<Message> left = new ArrayList<>(kept.size());
    for (Message message : kept) {
      if (!message.isAnyOf(records)) {
        left.add(message);
      }
    }
    return new Messages(left, heldBytes);
  }

  boolean isEmpty() {
    return !iterator().hasNext();
  }

  /// What they take in memory.
  long heldBytes() {
    return heldBytes;
  }

  @Override
  public Iterator<Message> iterator() {
    return source == null ? kept.iterator() : new Anew(source);
  }

  private static final class Anew implements Iterator<Message> {
    private final Source source;
    private @Nullable Message next;

    Anew(Source source) {
      this.source = source;
      source.route.start(source.batch);
      next = make();
    }

    private @Nullable Message make() {
      Message made = source.route.next();
      while (made != null && made.isAnyOf(source.leftOut)) {
        made = source.route.next();
      }
      return made;
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Message next() {
      Message message = next;
      if (message == null) {
        throw new NoSuchElementException();
      }
      next = make();
      return message;
    }
  }
}

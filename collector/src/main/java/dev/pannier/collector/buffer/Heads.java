package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import dev.pannier.collector.buffer.disk.SegmentReader;
import dev.pannier.collector.buffer.disk.StoredBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the heads of records alone, a page of each. One thread.
final class Heads {
  private static final Logger LOG = LoggerFactory.getLogger(Heads.class);
  private static final int WINDOW_BYTES = 4096;

  private final ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);

  /// Of all that a segment has, what is damaged passed over: none is verified, so that `visitor` may be the first to find it.
  ///
  /// @param visitor throws [IllegalArgumentException] for one that makes no sense
  void forEach(Segment segment, Consumer<StoredBatch> visitor) throws IOException {
    SegmentReader reader = segment.reader(window, segment.first() - 1);
    long limit = segment.endBytes();
    while (true) {
      switch (reader.find(limit)) {
        case NOTHING -> {
          return;
        }
        case DAMAGE -> reader.passDamage(limit);
        case RECORD -> {
          StoredBatch record = reader.head(limit);
          try {
            if (record != null) {
              visitor.accept(record);
            }
          } catch (IllegalArgumentException e) {
            LOG.warn(
                "{}: record {} is damaged: whose it is is not known: {}",
                segment.name(),
                reader.sequence(),
                e.getMessage());
          }
          reader.pass();
        }
      }
    }
  }
}

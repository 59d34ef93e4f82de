package dev.pannier.collector.buffer.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.LogsWriter;
import java.util.Objects;
import java.util.function.IntFunction;

/// Batches as a file's lines make them.
final class Lines {
  private static final byte[] RESOURCE = {};
  private static final byte[] PATH = "log.file.path".getBytes(UTF_8);
  private static final byte[] UID = "log.record.uid".getBytes(UTF_8);

  private Lines() {}

  /// @param shared what all records have in common, beside a number
  static Batch batch(String shared, int records, IntFunction<String> texts) {
    LogsWriter writer = new LogsWriter();
    writer.start(new byte[1 << 20], RESOURCE);
    byte[] path = shared.getBytes(UTF_8);
    for (int i = 0; i < records; i++) {
      byte[] text = texts.apply(i).getBytes(UTF_8);
      byte[] uid = ("0123456789abcdef" + i).getBytes(UTF_8);
      writer.beginRecord();
      writer.observedTimestamp(1_700_000_000_000_000_000L);
      writer.body(text, 0, text.length);
      writer.attribute(PATH, 0, PATH.length, path, 0, path.length);
      writer.attribute(UID, 0, UID.length, uid, 0, uid.length);
      writer.endRecord();
    }
    return Objects.requireNonNull(writer.finish("app", "k", "p".getBytes(UTF_8)));
  }
}

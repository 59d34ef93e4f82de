package dev.pannier.collector.buffer.disk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What one segment holds.
///
/// @param version of its format; 0 where its header cannot be read
/// @param bytes of the file
/// @param first the number of its first record, 0 if it has none
/// @param last the number of its last record, 0 if it has none
/// @param records in its batches
/// @param damage ranges of bytes that are no records, from and to one after the other
/// @param sequences the numbers of its batches
/// @param problem why its header cannot be read, else empty
public record SegmentReport(
    String name,
    int version,
    long bytes,
    long first,
    long last,
    long batches,
    long records,
    List<Long> damage,
    List<Long> sequences,
    String problem) {

  static SegmentReport of(Path file, FileChannel channel) throws IOException {
    String name = String.valueOf(file.getFileName());
    long size = channel.size();
    SegmentHeader header;
    try {
      header = SegmentHeader.read(channel);
    } catch (IOException e) {
      return new SegmentReport(
          name, 0, size, 0, 0, 0, 0, List.of(), List.of(), String.valueOf(e.getMessage()));
    }
    SegmentReader reader =
        new SegmentReader(
            channel, header.version(), SegmentReader.window(), header.bytes(), header.first() - 1);
    List<Long> damage = new ArrayList<>();
    List<Long> sequences = new ArrayList<>();
    long records = 0;
    byte[] body = new byte[0];
    for (SegmentReader.Found found = reader.find(size);
        found != SegmentReader.Found.NOTHING;
        found = reader.find(size)) {
      long from = reader.position();
      StoredBatch batch = null;
      if (found == SegmentReader.Found.RECORD) {
        body = body.length < reader.room() ? new byte[reader.room()] : body;
        batch = reader.read(body);
      }
      if (batch == null) {
        damage.add(from);
        damage.add(reader.passDamage(size));
      } else {
        sequences.add(batch.sequence());
        records += batch.batch().records();
      }
    }
    return new SegmentReport(
        name,
        header.version(),
        size,
        sequences.isEmpty() ? 0 : sequences.getFirst(),
        sequences.isEmpty() ? 0 : sequences.getLast(),
        sequences.size(),
        records,
        List.copyOf(damage),
        List.copyOf(sequences),
        "");
  }
}

package dev.pannier.collector.buffer.disk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// What one segment holds.
///
/// @param version of its format; 0 where its header cannot be read
/// @param bytes of the file
/// @param first the number of its first record, 0 if it has none
/// @param last the number of its last record, 0 if it has none
/// @param records in its batches
/// @param damage ranges of bytes that are no records, from and to one after the other
/// @param behind for each number that was asked for, how many of its batches have a higher one
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
    List<Long> behind,
    String problem) {

  static SegmentReport of(Path file, FileChannel channel, List<Long> places) throws IOException {
    String name = String.valueOf(file.getFileName());
    long size = channel.size();
    SegmentHeader header;
    try {
      header = SegmentHeader.read(channel);
    } catch (IOException e) {
      return new SegmentReport(
          name,
          0,
          size,
          0,
          0,
          0,
          0,
          List.of(),
          Collections.nCopies(places.size(), 0L),
          String.valueOf(e.getMessage()));
    }
    SegmentReader reader =
        new SegmentReader(
            channel, header.version(), SegmentReader.window(), header.bytes(), header.first() - 1);
    List<Long> damage = new ArrayList<>();
    long[] behind = new long[places.size()];
    long first = 0;
    long last = 0;
    long batches = 0;
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
        continue;
      }
      last = batch.sequence();
      first = batches == 0 ? last : first;
      batches++;
      records += batch.batch().records();
      for (int i = 0; i < behind.length; i++) {
        behind[i] += last > places.get(i) ? 1 : 0;
      }
    }
    return new SegmentReport(
        name,
        header.version(),
        size,
        first,
        last,
        batches,
        records,
        List.copyOf(damage),
        Arrays.stream(behind).boxed().toList(),
        "");
  }
}

package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Anchor.Skip;
import dev.pannier.collector.checkpoint.Fingerprint;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.metrics.Metrics;
import dev.pannier.parsers.LineParser;
import dev.pannier.shippers.batch.Batch;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads a stream, once and to its end, by the same framing, joining, decoding and parsing as a
/// tailed file: what `pannier parse` shows is what would be shipped.
public final class StreamedFile {
  private static final int CHUNK_BYTES = 64 * 1024;

  /// Of a byte order mark.
  private static final int LONGEST_MARK = 4;

  private static final byte[] NO_POSITIONS = {};

  private final TailedFile file;
  private final byte[] resource;
  private final InstantSource clock;
  private final Consumer<Batch> batches;
  private final BatchBuilder builder = new BatchBuilder(false);
  private byte[] chunk = new byte[CHUNK_BYTES];
  private byte[] batchBuffer = new byte[CHUNK_BYTES];

  /// Where the chunk's first byte is in the stream.
  private long position;

  /// @param name     what its records are told to come from
  /// @param resource an encoded `Resource`
  /// @param batches  is given each record as a batch of one, whose bytes are valid during the call
  public StreamedFile(
      FileSource settings,
      ParserChooser parsers,
      Path name,
      byte[] resource,
      InstantSource clock,
      Consumer<Batch> batches) {
    this.resource = resource;
    this.clock = clock;
    this.batches = batches;
    file =
        new TailedFile(
            TailSource.of(settings, parsers, new Metrics()),
            0,
            0,
            name,
            new FileKey(0, 0),
            Fingerprint.EMPTY,
            Anchor.START,
            0,
            0);
  }

  public void read(InputStream in) throws IOException {
    int length = 0;
    boolean end = false;
    while (!end) {
      if (length == chunk.length) {
        chunk = Arrays.copyOf(chunk, Math.multiplyExact(2, length));
      }
      int read = in.read(chunk, length, chunk.length - length);
      end = read < 0;
      length += Math.max(0, read);
      int consumed = take(length, end);
      System.arraycopy(chunk, consumed, chunk, 0, length - consumed);
      length -= consumed;
      position += consumed;
    }
  }

  /// @return how many of the chunk's first bytes are done with
  private int take(int length, boolean last) {
    if (length == 0) {
      return 0;
    }
    Transcoder charset = file.charset;
    if (charset == null) {
      if (length < LONGEST_MARK && !last) {
        return 0;
      }
      charset = file.source.charset.forHead(chunk, length);
      file.charset = charset;
    }
    int from = position == 0 ? charset.markLength(chunk, length) : 0;
    LineParser parser = parser(charset, from, length);
    RecordFramer framer = file.source.framer;
    framer.reset(chunk, from, length, file.cursor, charset, file.rule, last, Skip.NOTHING, false);
    while (framer.next()) {
      Batch batch = record(charset, parser, framer);
      if (batch != null) {
        batches.accept(batch);
      }
    }
    return framer.consumed();
  }

  private LineParser parser(Transcoder charset, int from, int length) {
    LineParser parser = file.parser;
    if (parser == null) {
      charset.toUtf8(chunk, from, charset.boundary(chunk, from, length));
      byte[] head = Arrays.copyOfRange(charset.bytes(), charset.from(), charset.to());
      parser = file.source.parsers.choose(head, head.length);
      file.parser = parser;
      file.rule = file.source.rule(parser, charset);
    }
    return parser;
  }

  private @Nullable Batch record(Transcoder charset, LineParser parser, RecordFramer framer) {
    Instant now = clock.instant();
    int start = framer.start();
    int length = framer.end() - start;
    charset.toUtf8(chunk, start, framer.end());
    builder.start(batchBuffer, resource);
    while (!builder.add(
        file,
        parser,
        charset.bytes(),
        charset.from(),
        charset.to() - charset.from(),
        chunk,
        start,
        length,
        framer.truncated(),
        position + start,
        now.getEpochSecond() * 1_000_000_000L + now.getNano())) {
      batchBuffer = new byte[Math.multiplyExact(2, batchBuffer.length)];
      builder.start(batchBuffer, resource);
    }
    return builder.finish(file.source.name(), file.key, NO_POSITIONS);
  }
}

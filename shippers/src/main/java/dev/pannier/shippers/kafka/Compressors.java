package dev.pannier.shippers.kafka;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;

/// `zstd` and `snappy` unpack a native library into `java.io.tmpdir` when they are first used, which
/// fails on a read-only root file system: better said before the first record. (`lz4` goes on in
/// plain Java; `gzip` is the JDK's.)
final class Compressors {
  private static final int ENOUGH_BYTES = 512;

  private Compressors() {}

  /// @param type `compression.type`
  /// @return what to do where the compressor does not work here; empty where it does
  static String problem(String type) {
    if (!type.equals("zstd") && !type.equals("snappy")) {
      return "";
    }
    try (ByteBufferOutputStream sink = new ByteBufferOutputStream(ENOUGH_BYTES);
        OutputStream compressed =
            Compression.of(type).build().wrapForOutput(sink, RecordBatch.CURRENT_MAGIC_VALUE)) {
      compressed.write(0);
      return "";
    } catch (LinkageError | RuntimeException e) {
      return "compression.type "
          + type
          + " cannot load its native library from java.io.tmpdir ("
          + System.getProperty("java.io.tmpdir")
          + "): mount a writable, executable folder there and start again, or choose lz4 or gzip: "
          + e;
    } catch (IOException e) {
      throw new UncheckedIOException("in memory", e);
    }
  }
}

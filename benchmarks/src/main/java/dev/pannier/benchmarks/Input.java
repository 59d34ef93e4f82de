package dev.pannier.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A log file of a given size, made of one block of lines again and again.
///
/// @param lines in all
/// @param bytes in all
record Input(String name, Path path, long lines, long bytes) {
  /// Larger than any compressor's window here, so that repetition gains them nothing.
  private static final int BLOCK_BYTES = 8 << 20;

  private static final double GIB = 1L << 30;

  static Input text(Path folder, @Nullable Path file, long size) throws IOException {
    String name = file == null ? "text lines" : String.valueOf(file.getFileName());
    byte[] block = file == null ? TestLines.text(block(size)) : Files.readAllBytes(file);
    return write(name, folder.resolve("text.log"), block, size);
  }

  static Input json(Path folder, long size) throws IOException {
    return write("JSON lines", folder.resolve("json.log"), TestLines.json(block(size)), size);
  }

  /// The same text in many files of the same size, after a first line of its own: a file that begins
  /// like another is taken for its copy, as rotation leaves them.
  ///
  /// @return whose path is a pattern that matches them
  static Input texts(Path folder, int count, long size) throws IOException {
    Path own = Files.createDirectories(folder.resolve("files-" + count));
    byte[] block = TestLines.text(block(size / count));
    long lines = 0;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      byte[] head = ("file " + i + " begins\n").getBytes(StandardCharsets.US_ASCII);
      byte[] text = Arrays.copyOf(head, head.length + block.length);
      System.arraycopy(block, 0, text, head.length, block.length);
      Input one = write("text lines", own.resolve(i + ".log"), text, size / count);
      lines += one.lines;
      bytes += one.bytes;
    }
    String name = count == 1 ? "1 file" : Text.of("%,d files", count);
    return new Input(name, own.resolve("*.log"), lines, bytes);
  }

  private static int block(long size) {
    return (int) Math.min(size, BLOCK_BYTES);
  }

  private static Input write(String name, Path path, byte[] block, long size) throws IOException {
    byte[] whole = block;
    if (block.length == 0 || block[block.length - 1] != '\n') {
      whole = Arrays.copyOf(block, block.length + 1);
      whole[block.length] = '\n';
    }
    long lines = 0;
    for (byte b : whole) {
      if (b == '\n') {
        lines++;
      }
    }
    long times = Math.max(1, Math.ceilDiv(size, whole.length));
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long i = 0; i < times; i++) {
        ByteBuffer buffer = ByteBuffer.wrap(whole);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
      // Else the system writes it back beside what is measured first.
      channel.force(false);
    }
    return new Input(name, path, lines * times, whole.length * times);
  }

  double gib() {
    return bytes / GIB;
  }

  double mib() {
    return bytes / (double) (1 << 20);
  }
}

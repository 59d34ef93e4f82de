package dev.pannier.collector.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// What a file of a configuration was when it was looked at: its bytes, or why there are none to be read.
final class FileLook {
  /// Some thousand lines. What is made of them while a sidecar runs has to fit into the heap beside all else.
  static final int MAX_BYTES = 128 * 1024;

  /// Nothing was looked at.
  static final FileLook NONE = new FileLook(new byte[0], "");

  private final byte[] bytes;
  private final String problem;

  private FileLook(byte[] bytes, String problem) {
    this.bytes = bytes;
    this.problem = problem;
  }

  static FileLook at(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      return new FileLook(
          bytes, bytes.length > MAX_BYTES ? "size > " + Units.write(MAX_BYTES) : "");
    } catch (IOException e) {
      return new FileLook(NONE.bytes, why(file, e));
    }
  }

  private static String why(Path file, IOException e) {
    if (Files.isDirectory(file)) {
      return "is a directory: name the file in it, as " + file.resolve("pannier.yaml");
    }
    return Files.exists(file)
        ? "cannot be read: " + e.getClass().getSimpleName()
        : "there is no such file";
  }

  byte[] bytes() {
    return bytes;
  }

  /// Why it cannot be a configuration; empty where it may be one.
  String problem() {
    return problem;
  }

  boolean sameAs(FileLook other) {
    return problem.equals(other.problem) && Arrays.equals(bytes, other.bytes);
  }
}

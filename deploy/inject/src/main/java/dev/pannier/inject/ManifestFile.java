package dev.pannier.inject;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where manifests come from.
///
/// @param name as it is told
/// @param path null for standard input
record ManifestFile(String name, @Nullable Path path, String text) {
  private static final String STANDARD_INPUT = "-";
  private static final List<String> ENDINGS = List.of(".yaml", ".yml", ".json");

  /// @param names files, folders and `-`
  /// @return each file once, those of a folder in the order of their names
  /// @throws IOException where one cannot be read, or is not UTF-8
  static List<ManifestFile> find(List<String> names, InputStream in) throws IOException {
    Map<Path, ManifestFile> found = new LinkedHashMap<>();
    List<ManifestFile> files = new ArrayList<>();
    for (String name : names) {
      if (name.equals(STANDARD_INPUT)) {
        files.add(new ManifestFile("standard input", null, text(name, in.readAllBytes())));
        continue;
      }
      Path path = Path.of(name);
      for (Path file : Files.isDirectory(path) ? inFolder(path) : List.of(path)) {
        if (!Files.isReadable(file)) {
          throw new IOException(
              file + ": " + (Files.exists(file) ? "cannot be read" : "no such file"));
        }
        ManifestFile read =
            new ManifestFile(
                file.toString(), file, text(file.toString(), Files.readAllBytes(file)));
        if (found.putIfAbsent(file.toRealPath(), read) == null) {
          files.add(read);
        }
      }
    }
    return files;
  }

  private static List<Path> inFolder(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      List<Path> files =
          tree.filter(path -> ENDINGS.stream().anyMatch(path.getFileName().toString()::endsWith))
              .filter(Files::isRegularFile)
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new IOException(folder + ": has no files " + String.join(", ", ENDINGS));
      }
      return files;
    }
  }

  private static String text(String name, byte[] bytes) throws IOException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IOException(name + ": is not UTF-8", e);
    }
  }

  /// Puts another text in its place, whole or not at all.
  void replace(String changed) throws IOException {
    if (path == null || changed.equals(text)) {
      return;
    }
    Path file = path.toRealPath();
    Path fresh = file.resolveSibling(file.getFileName() + ".pannier-new");
    try {
      // With the file's own permissions.
      Files.copy(
          file, fresh, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
      Files.writeString(fresh, changed);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}

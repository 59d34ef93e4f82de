package dev.pannier.collector.tail;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.checkpoint.Anchor;
import dev.pannier.collector.checkpoint.Fingerprint;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentFinderTest {
  private static final byte[] CONTENT =
      "the first line of a log that is long enough to be known by it\nthe second\n"
          .getBytes(US_ASCII);

  @TempDir Path folder;
  private final ContentFinder finder = new ContentFinder();
  private final List<Path> asked = new ArrayList<>();

  @Test
  void contentIsFoundUnderAnyName() throws IOException {
    Files.writeString(folder.resolve("other.log"), "something else that is as long as the one\n");
    Files.write(folder.resolve("any name"), CONTENT);

    assertThat(find()).isEqualTo(key("any name"));
  }

  @Test
  void folderIsListedOnceUntilForgotten() throws IOException {
    assertThat(find()).isNull();
    Files.write(folder.resolve("copy"), CONTENT);
    assertThat(find()).isNull();

    finder.forget();

    assertThat(find()).isEqualTo(key("copy"));
  }

  @Test
  void eachHeadIsReadOnceUntilForgotten() throws IOException {
    Path other = folder.resolve("other");
    Files.writeString(other, "something else that is longer than the shortest head\n".repeat(3));
    assertThat(find()).isNull();
    Files.write(other, CONTENT);
    assertThat(find()).isNull();

    finder.forget();

    assertThat(find()).isEqualTo(key("other"));
  }

  @Test
  void wholeFileIsTakenBeforeTheGzipOfIt() throws IOException {
    // In whichever order the folder tells them.
    for (char name = 'a'; name <= 'h'; name++) {
      try (OutputStream out =
          new GZIPOutputStream(Files.newOutputStream(folder.resolve(name + ".log.gz")))) {
        out.write(CONTENT);
      }
    }
    Files.write(folder.resolve("d.log"), CONTENT);

    assertThat(find()).isEqualTo(key("d.log"));
  }

  @Test
  void whatIsGzippedWhileItIsLookedForIsFoundInItsGzip() throws IOException {
    Path copy = folder.resolve("app.log.1");
    Files.write(copy, CONTENT);
    ContentFinder.Candidate gzippedWhenMet =
        (path, place) -> {
          if (path.equals(copy)) {
            gzip(copy);
          }
          return true;
        };

    assertThat(find(gzippedWhenMet)).isEqualTo(key("app.log.1.gz"));
  }

  @Test
  void whatIsRenamedWhileItIsLookedForIsFoundUnderItsNewName() throws IOException {
    Path copy = folder.resolve("app.log.1");
    Files.write(copy, CONTENT);
    ContentFinder.Candidate renamedWhenMet =
        (path, place) -> {
          Path shifted = folder.resolve("app.log.2");
          if (path.equals(copy) && !Files.exists(shifted)) {
            move(copy, shifted);
            write(copy, "the next copy, which has taken the name meanwhile\n");
          }
          return true;
        };

    assertThat(find(renamedWhenMet)).isEqualTo(key("app.log.2"));
  }

  @Test
  void folderThatNeverComesToRestIsGivenUp() throws IOException {
    Files.writeString(folder.resolve("0"), "something");
    ContentFinder.Candidate alwaysAnother =
        (path, place) -> {
          asked.add(path);
          move(path, folder.resolve(String.valueOf(asked.size())));
          return true;
        };

    assertThat(find(alwaysAnother)).isNull();
    assertThat(asked).hasSizeBetween(1, 10);
  }

  private @Nullable FileKey find() throws IOException {
    return find((path, place) -> true);
  }

  private @Nullable FileKey find(ContentFinder.Candidate candidate) throws IOException {
    int read = CONTENT.length - 5;
    try (Probe probe =
        finder.first(
            folder,
            Set.of(),
            candidate,
            Fingerprint.of(CONTENT, 50),
            Anchor.at(read, CONTENT, 0, read))) {
      return probe == null ? null : probe.place();
    }
  }

  private FileKey key(String name) throws IOException {
    return FileKey.of(folder.resolve(name));
  }

  private static void gzip(Path file) {
    Path zipped = file.resolveSibling(file.getFileName() + ".gz");
    try {
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
        Files.copy(file, out);
      }
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// To tell whether a file is the sidecar's own is dear.
  @Test
  void eachFileIsAskedOnceWhoseItIsForAllThatAreLookedForTogether() throws IOException {
    for (int i = 0; i < 5; i++) {
      Files.writeString(folder.resolve("app.log." + i), "something else that is long enough " + i);
    }
    List<Path> asked = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      assertThat(
              finder.continuation(
                  folder.resolve("app.log"),
                  new FileKey(1, 1),
                  Set.of(),
                  path -> !asked.add(path),
                  (path, probe) -> false,
                  Fingerprint.of(CONTENT, 50),
                  Anchor.at(50, CONTENT, 0, 50)))
          .isNull();
    }
    assertThat(asked).hasSize(5).doesNotHaveDuplicates();
  }
}

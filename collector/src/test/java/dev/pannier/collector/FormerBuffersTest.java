package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.buffer.disk.SegmentLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormerBuffersTest {
  @TempDir private Path folder;
  private final List<String> notices = new ArrayList<>();

  private FormerBuffers open() {
    return new FormerBuffers(folder.resolve("state"), notices::add);
  }

  /// A disk buffer's folder.
  private Path buffer(String name) throws IOException {
    Path directory = folder.resolve(name);
    Files.createDirectories(directory);
    Files.createFile(directory.resolve("cursors"));
    assertThat(SegmentLog.isThere(directory)).isTrue();
    return directory;
  }

  @Test
  void recordsWaitWhereOneIsThatIsNotOpen() throws IOException {
    Path first = buffer("first");
    Path second = buffer("second");
    FormerBuffers none = open();
    assertThat(none.mayWaitElsewhere(null)).isFalse();
    none.add(first);
    assertThat(none.mayWaitElsewhere(first)).isFalse();

    FormerBuffers one = open();
    assertThat(one.mayWaitElsewhere(first)).isFalse();
    assertThat(one.mayWaitElsewhere(null)).isTrue();
    one.add(second);
    assertThat(one.mayWaitElsewhere(second)).isTrue();
    one.remove(first);
    assertThat(one.mayWaitElsewhere(second)).isFalse();
    assertThat(notices).isEmpty();
  }

  @Test
  void oneThatBeginsEmptyAgainIsToldAndMayHaveHadAnything() throws IOException {
    Path directory = folder.resolve("buffer");
    open().add(directory);
    assertThat(notices).isEmpty();

    FormerBuffers emptied = open();
    buffer("buffer");
    emptied.add(directory);
    assertThat(notices).singleElement().asString().contains(directory.toString());
    assertThat(emptied.mayWaitElsewhere(directory)).isTrue();
  }

  @Test
  void recordsMayWaitAnywhereWhereNobodyKnowsWhereTheyWere() throws IOException {
    Files.createDirectories(folder.resolve("state/buffers"));
    assertThat(open().mayWaitElsewhere(null)).isTrue();
    assertThat(notices).hasSize(1);
  }
}

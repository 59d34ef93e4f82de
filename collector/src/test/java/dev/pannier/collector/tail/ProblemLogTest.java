package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ProblemLogTest {
  private static final Path FILE = Path.of("/logs/app.log");

  private final List<String> notices = new ArrayList<>();
  private final ProblemLog log = new ProblemLog(notices::add);

  @Test
  void problemIsToldOnceAsLongAsItLasts() {
    log.tell(Map.of(FILE, "permission denied"));
    log.tell(Map.of(FILE, "permission denied"));

    assertThat(notices).containsExactly("/logs/app.log: permission denied");
  }

  @Test
  void anotherProblemAndOneThatComesAgainAreTold() {
    log.tell(Map.of(FILE, "permission denied"));
    log.tell(Map.of(FILE, "I/O error"));
    log.tell(Map.of());
    log.tell(Map.of(FILE, "I/O error"));

    assertThat(notices)
        .containsExactly(
            "/logs/app.log: permission denied",
            "/logs/app.log: I/O error",
            "/logs/app.log: I/O error");
  }

  @Test
  void whatComesTogetherInThousandsIsCounted() {
    Map<Path, String> problems = new TreeMap<>();
    for (int i = 0; i < 3_000; i++) {
      problems.put(Path.of("/logs/" + i + ".log"), "permission denied");
    }
    log.tell(problems);

    assertThat(notices)
        .hasSize(ProblemLog.MOST_AT_ONCE + 1)
        .endsWith("2990 more files cannot be read: /status names them");
  }
}

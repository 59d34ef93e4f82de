package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final long LOG = 77;
  private static final long[] NONE = {};

  private final Progress progress = new Progress();
  private long transaction;

  private static Batch batch(long generation, long from, long to) {
    byte[] positions = new Positions(generation, from, to, 0, 0).encode();
    return new Batch(Signal.LOGS, new byte[0], 0, 0, 1, "app", "key", positions);
  }

  private Committed commit(Batch batch, Origin origin) {
    progress.add(batch, origin);
    Committed next = progress.next(NONE, null);
    progress.committed(new PositionsRecord(1, ++transaction, next));
    return next;
  }

  /// Nobody else has it: the volume not before the next second, nor before others have shipped it.
  @Test
  void whatWasInMemoryIsKnownBehindWhatIsInTheLog() {
    commit(batch(1, 0, 100), Origin.MEMORY);
    Committed other = commit(batch(2, 0, 50), new Origin(LOG, 5));
    assertThat(other.sequence()).isEqualTo(5);
    assertThat(other.files()).containsExactly(new Positions(1, 0, 100, 0, 0));
    Committed later = commit(batch(1, 100, 250), new Origin(LOG, 6));
    assertThat(later.sequence()).isEqualTo(6);
    assertThat(later.file(1)).isNotNull().extracting(Positions::to).isEqualTo(250L);
    assertThat(later.file(2)).as("the log has it").isNull();
  }

  /// It comes behind it, under another number.
  @Test
  void fileDoesNotMoveOverWhatTheLogHasLost() {
    commit(batch(1, 0, 100), Origin.MEMORY);
    Committed behindAHole = commit(batch(1, 200, 300), new Origin(LOG, 51));
    Positions known = behindAHole.file(1);
    assertThat(known == null || known.to() <= 100).as("%s", known).isTrue();
  }

  @Test
  void whatWasInMemoryIsKnownThoughMuchWithoutAMessageIsBehindIt() {
    progress.passed(batch(1, 0, 100), Origin.MEMORY);
    progress.passed(batch(1, 100, 200), new Origin(LOG, 5));
    commit(batch(3, 0, 10), Origin.MEMORY);
    progress.passed(batch(2, 0, 100), Origin.MEMORY);
    long number = 6;
    for (int i = 0; i < Progress.MAX_FILES; i++) {
      progress.passed(batch(1, 200 + i, 201 + i), new Origin(LOG, number++));
      progress.passed(batch(2, 100 + i, 101 + i), new Origin(LOG, number++));
    }
    Committed next = commit(batch(3, 10, 20), new Origin(LOG, number));
    assertThat(next.file(1)).extracting(Positions::to).isEqualTo(200L + Progress.MAX_FILES);
    assertThat(next.file(2)).extracting(Positions::to).isEqualTo(100L + Progress.MAX_FILES);
  }

  /// Their volume knows the others.
  @Test
  void ofFilesWithoutAMessageNoMoreAreHeldThanAreStored() {
    int files = 5 * Progress.MAX_FILES;
    for (int i = 0; i < files; i++) {
      progress.passed(batch(i, 0, 10), new Origin(LOG, i));
      assertThat(progress.steps()).isLessThanOrEqualTo(2 * Progress.MAX_FILES + 1);
    }
    progress.passed(batch(files, 0, 10), Origin.MEMORY);
    for (int i = 1; i < files; i++) {
      progress.passed(batch(files + i, 0, 10), Origin.MEMORY);
    }
    Committed next = commit(batch(1, 0, 10), new Origin(LOG, files + 1));
    assertThat(next.sequence()).isEqualTo(files + 1);
    assertThat(next.files()).hasSize(Progress.MAX_FILES);
    assertThat(next.file(2L * files - 1)).isNotNull();
  }
}

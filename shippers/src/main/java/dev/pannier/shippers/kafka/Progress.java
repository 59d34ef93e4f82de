package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How far all is stored: by transactions that were committed, and with the one under way. One thread.
final class Progress {
  /// Generations beyond this are forgotten, the first that have not moved: their volume knows them.
  static final int MAX_FILES = 4_096;

  private Committed committed = Committed.NOTHING;
  private long instance;
  private long transaction;

  /// Batches that had their turn without a message, since the last commit.
  private final List<Step> passed = new ArrayList<>();

  private final List<Step> underWay = new ArrayList<>();

  private record Step(@Nullable Positions file, Origin origin) {}

  Committed committed() {
    return committed;
  }

  /// Who has stored what is stored.
  long instance() {
    return instance;
  }

  long transaction() {
    return transaction;
  }

  /// What was read.
  void restart(PositionsRecord stored) {
    committed = stored.committed();
    instance = stored.instance();
    transaction = stored.transaction();
  }

  void passed(Batch batch, Origin origin) {
    passed.add(step(batch, origin));
    if (passed.size() > MAX_FILES) {
      merge(passed);
    }
  }

  void add(Batch batch, Origin origin) {
    underWay.add(step(batch, origin));
  }

  private static Step step(Batch batch, Origin origin) {
    return new Step(Positions.decode(batch.positions()), origin);
  }

  /// The transaction under way is no more.
  void forget() {
    underWay.clear();
  }

  void committed(PositionsRecord record) {
    restart(record);
    passed.clear();
    underWay.clear();
  }

  /// What is stored when the transaction is committed.
  ///
  /// @param open what of the log was not shipped yet
  /// @param only the file generations that count, beside those that move now; null for all
  Committed next(long[] open, @Nullable Set<Long> only) {
    Map<Long, Positions> files = new LinkedHashMap<>();
    for (Positions file : committed.files()) {
      if (only == null || only.contains(file.generation())) {
        files.put(file.generation(), file);
      }
    }
    long log = committed.log();
    long sequence = committed.sequence();
    // Numbers of a buffer in memory mean nothing to a log that may come back.
    long[] left = committed.open();
    List<Step> steps = new ArrayList<>(passed);
    steps.addAll(underWay);
    for (Step step : steps) {
      Positions file = step.file();
      long of = step.origin().log();
      // The log has them, but those of what was in memory while it took nothing: they move on.
      if (file != null && (of == 0 || files.containsKey(file.generation()))) {
        // Moved last, so forgotten last.
        Positions before = files.remove(file.generation());
        // What had no message may have its turn after what is behind it.
        files.put(file.generation(), before != null && before.to() > file.to() ? before : file);
      }
      if (of != 0) {
        sequence =
            of == log ? Math.max(sequence, step.origin().sequence()) : step.origin().sequence();
        log = of;
        left = open;
      }
    }
    List<Positions> last = new ArrayList<>(files.values());
    return new Committed(
        log,
        sequence,
        left,
        last.size() > MAX_FILES ? last.subList(last.size() - MAX_FILES, last.size()) : last);
  }

  /// Keeps the last step of each file, and of the log.
  private static void merge(List<Step> steps) {
    Map<Long, Step> files = new LinkedHashMap<>();
    Step ofLog = null;
    for (Step step : steps) {
      if (step.file() != null) {
        files.put(step.file().generation(), step);
      }
      if (step.origin().log() != 0) {
        ofLog = step;
      }
    }
    steps.clear();
    steps.addAll(files.values());
    if (ofLog != null) {
      steps.add(ofLog);
    }
  }
}

package dev.pannier.shippers.kafka;

import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

  /// @param moves whether its file is known from here on: it was in memory, or follows what was
  private record Step(@Nullable Positions file, Origin origin, boolean moves) {}

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
    if (passed.size() > 2 * MAX_FILES) {
      merge(passed);
    }
  }

  /// How many batches without a message are held.
  int steps() {
    return passed.size();
  }

  void add(Batch batch, Origin origin) {
    underWay.add(step(batch, origin));
  }

  private static Step step(Batch batch, Origin origin) {
    return new Step(Positions.decode(batch.positions()), origin, origin.log() == 0);
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
      if (file != null && (step.moves() || files.containsKey(file.generation()))) {
        // Moved last, so forgotten last.
        Positions before = files.remove(file.generation());
        if (step.moves() || (before != null && before.to() >= file.from())) {
          // What had no message may have its turn after what is behind it.
          files.put(file.generation(), before != null && before.to() > file.to() ? before : file);
        }
        // Else the log has lost what lies between, which comes behind it under another number.
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

  /// Keeps one step for each of the last files, and the last of the log.
  private static void merge(List<Step> steps) {
    Map<Long, Step> files = new LinkedHashMap<>();
    Step ofLog = null;
    for (Step step : steps) {
      if (step.file() != null) {
        // Moved last, so forgotten last.
        Step before = files.remove(step.file().generation());
        files.put(step.file().generation(), before == null ? step : merged(before, step));
      }
      if (step.origin().log() != 0) {
        ofLog = step;
      }
    }
    steps.clear();
    files.values().stream().skip(Math.max(0, files.size() - MAX_FILES)).forEach(steps::add);
    if (ofLog != null) {
      steps.add(ofLog);
    }
  }

  private static Step merged(Step step, Step later) {
    Positions before = Objects.requireNonNull(step.file());
    Positions file = Objects.requireNonNull(later.file());
    if (before.to() < file.from()) {
      return later;
    }
    Positions last = before.to() > file.to() ? before : file;
    Positions whole =
        new Positions(
            file.generation(),
            Math.min(before.from(), file.from()),
            last.to(),
            last.anchorTag(),
            last.anchorHash());
    return new Step(whole, later.origin(), step.moves() || later.moves());
  }
}

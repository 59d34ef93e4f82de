package dev.pannier.collector.tail;

import dev.pannier.collector.receipt.ByteRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// The bytes of each generation that nobody can read any more, since the process started. One thread.
final class Losses {
  private static final String GONE = "were gone before they could be read";

  /// The oldest generations beyond this are left to the log and the counter.
  private static final int MAX_GENERATIONS = 1_000;

  /// Of one generation.
  ///
  /// @param ranges in order, and apart from each other
  record Loss(String source, String path, List<ByteRange> ranges) {}

  private final Map<Long, Loss> losses = new LinkedHashMap<>();
  private final Consumer<String> notice;

  /// @param notice is told each loss, for people
  Losses(Consumer<String> notice) {
    this.notice = notice;
  }

  /// They are nowhere any more. Does nothing where nothing is lost.
  void report(TailSource source, long generation, String path, long from, long to, String why) {
    lose(source, generation, path, from, to, GONE, why);
  }

  /// As [#report], of what was not read of a file.
  void report(TailedFile file, String why) {
    lose(file, GONE, why);
  }

  /// The rest of a file is there, and is not read all the same. Does nothing where nothing is lost.
  void giveUp(TailedFile file, String why) {
    lose(file, "were given up unread", why);
  }

  private void lose(TailedFile file, String what, String why) {
    lose(
        file.source,
        file.generation,
        file.path.toString(),
        file.read.position(),
        file.sizeBytes,
        what,
        why);
  }

  private void lose(
      TailSource source,
      long generation,
      String path,
      long from,
      long to,
      String what,
      String why) {
    if (to > from) {
      source.lostBytes.add(to - from);
      add(generation, source.name(), path, from, to);
      notice.accept(path + ": bytes " + from + " to " + to + " " + what + " (" + why + ")");
    }
  }

  private void add(long generation, String source, String path, long from, long to) {
    Loss loss =
        losses.computeIfAbsent(generation, any -> new Loss(source, path, new ArrayList<>()));
    ByteRange.insert(loss.ranges(), from, to);
    if (losses.size() > MAX_GENERATIONS) {
      losses.remove(losses.keySet().iterator().next());
    }
  }

  /// By generation, the oldest loss first.
  Map<Long, Loss> all() {
    return losses;
  }

  List<ByteRange> of(long generation) {
    Loss loss = losses.get(generation);
    return loss == null ? List.of() : loss.ranges();
  }
}

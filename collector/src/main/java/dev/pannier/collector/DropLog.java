package dev.pannier.collector;

import dev.pannier.collector.buffer.Drops;
import dev.pannier.collector.receipt.Dropped;
import dev.pannier.collector.receipt.DroppedFile;
import dev.pannier.collector.receipt.FileReceipt;
import dev.pannier.collector.receipt.Receipt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Tells in the log what buffers give up: when that begins, and once a minute while it goes on. One thread.
final class DropLog {
  private static final long PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

  /// The receipt has the name of a file that is new a moment later.
  private static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(3);

  /// The rest is in the receipt.
  private static final int MAX_FILES = 8;

  private static final int MAX_RANGES = 8;

  private final Drops drops;
  private final Consumer<String> notice;
  private long pauseEndsNanos = Long.MIN_VALUE;
  private long dueNanos;
  private boolean isDue;

  DropLog(Drops drops, Consumer<String> notice) {
    this.drops = drops;
    this.notice = notice;
  }

  /// @param receipt has the files' paths; null where there is none yet
  void tell(@Nullable Receipt receipt, long nowNanos) {
    if (!drops.hasEpisodes()) {
      return;
    }
    if (!isDue) {
      isDue = true;
      dueNanos = Math.max(nowNanos + FIRST_NANOS, pauseEndsNanos);
    }
    if (nowNanos >= dueNanos) {
      isDue = false;
      pauseEndsNanos = nowNanos + PAUSE_NANOS;
      tellRest(receipt);
    }
  }

  /// The process ends.
  void tellRest(@Nullable Receipt receipt) {
    List<Drops.Episode> episodes = drops.takeEpisodes();
    if (episodes.isEmpty()) {
      return;
    }
    Map<String, String> paths = new HashMap<>();
    if (receipt != null) {
      for (FileReceipt file : receipt.files()) {
        paths.put(file.generation(), file.path());
      }
    }
    episodes.forEach(episode -> notice.accept(line(episode, paths)));
  }

  private static String line(Drops.Episode episode, Map<String, String> paths) {
    StringBuilder line =
        new StringBuilder("the buffer has dropped for shipper ")
            .append(episode.shipper())
            .append(" (")
            .append(episode.reason())
            .append(")");
    if (episode.records() > 0) {
      line.append(": ").append(episode.records()).append(" records");
    }
    List<String> files = new ArrayList<>();
    episode.files().forEach((generation, file) -> files.add(file(generation, file, paths)));
    files.stream().limit(MAX_FILES).forEach(file -> line.append("; ").append(file));
    if (files.size() > MAX_FILES) {
      line.append("; and of ").append(files.size() - MAX_FILES).append(" more files");
    }
    return line.toString();
  }

  private static String file(long generation, DroppedFile file, Map<String, String> paths) {
    String id = HexFormat.of().toHexDigits(generation);
    String path = paths.getOrDefault(id, "");
    String name = path.isEmpty() ? "a file of source " + file.source() : path;
    StringBuilder text = new StringBuilder(name).append(" (").append(id).append(")");
    for (Dropped part : file.parts()) {
      text.append(" bytes ").append(part.where(MAX_RANGES));
    }
    return text.toString();
  }
}

package dev.pannier.collector.cli;

import dev.pannier.collector.buffer.disk.CursorFile;
import dev.pannier.collector.buffer.disk.SegmentLog;
import dev.pannier.collector.buffer.disk.SegmentReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "status",
    description = "Tell what a disk buffer's directory holds, also of a sidecar that runs.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
  private final PrintWriter messages;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--buffer",
      paramLabel = "DIR",
      required = true,
      description = "The directory: buffer.directory of the configuration.")
  private @Nullable Path directory;

  StatusCommand(PrintWriter messages) {
    this.messages = messages;
  }

  /// A line a segment, a line a range of damage, a line a shipper. What is after a `=` is a number or a name.
  @Override
  public Integer call() throws IOException {
    Path from = directory;
    if (from == null || spec == null || !Files.isDirectory(from)) {
      messages.println("--buffer: no such directory: " + from);
      return PannierCommand.WRONG;
    }
    PrintWriter out = spec.commandLine().getOut();
    boolean sound = true;
    Map<String, Long> passed = Map.of();
    String unreadable = "";
    try {
      passed = CursorFile.read(from).passed();
    } catch (IOException e) {
      unreadable = String.valueOf(e.getMessage());
      sound = false;
    }
    List<SegmentReport> segments = SegmentLog.inspect(from, List.copyOf(passed.values()));
    for (SegmentReport segment : segments) {
      if (!segment.problem().isEmpty()) {
        out.printf(
            "segment=%s bytes=%d unreadable: %s%n",
            segment.name(), segment.bytes(), segment.problem());
        sound = false;
        continue;
      }
      out.printf(
          "segment=%s version=%d bytes=%d first=%d last=%d batches=%d records=%d%n",
          segment.name(),
          segment.version(),
          segment.bytes(),
          segment.first(),
          segment.last(),
          segment.batches(),
          segment.records());
      for (int i = 0; i < segment.damage().size(); i += 2) {
        out.printf(
            "damage segment=%s from=%d to=%d%n",
            segment.name(), segment.damage().get(i), segment.damage().get(i + 1));
        sound = false;
      }
    }
    if (segments.isEmpty() && passed.isEmpty() && sound) {
      messages.println("--buffer: nothing of a disk buffer is there: " + from);
      return PannierCommand.WRONG;
    }
    int shipper = 0;
    for (Map.Entry<String, Long> each : passed.entrySet()) {
      out.printf(
          "shipper=%s passed=%d batches_behind=%d%n",
          each.getKey(), each.getValue(), behind(segments, shipper++));
    }
    if (!unreadable.isEmpty()) {
      out.printf("cursors unreadable: %s%n", unreadable);
    }
    out.flush();
    return sound ? PannierCommand.DONE : 1;
  }

  private static long behind(List<SegmentReport> segments, int shipper) {
    return segments.stream().mapToLong(segment -> segment.behind().get(shipper)).sum();
  }
}

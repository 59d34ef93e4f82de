package dev.pannier.collector.buffer;

import dev.pannier.collector.buffer.disk.Segment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The segment that the disk does not give to a shipper, if there is one: when it is tried again, and when it is given up.
///
/// The shipper's thread alone, but for [#problem].
final class UnreadableSegment {
  /// So long a segment is tried after an error of the disk before the rest of it is given up: what it holds was acknowledged, and a
  /// disk that was away is well again later.
  private static final long GIVE_UP_NANOS = TimeUnit.MINUTES.toNanos(10);

  /// So long it is tried at most, though the disk takes nothing all the time: where it has no room, what waits there may be why.
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(90);

  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final String shipper;
  private final Path directory;
  private final Consumer<String> notice;

  /// It could not be read when it was tried last; null for none.
  private @Nullable Segment segment;

  // Of that one.
  private long firstNanos;
  private long sinceNanos;
  private long triedNanos;

  /// Null while the shipper does not wait for it.
  private volatile @Nullable String problem;

  UnreadableSegment(String shipper, Path directory, Consumer<String> notice) {
    this.shipper = shipper;
    this.directory = directory;
    this.notice = notice;
  }

  /// Why the shipper waits for the disk, in one line; null while it does not. Any thread.
  @Nullable String problem() {
    return problem;
  }

  /// Whether it is too early to try it again.
  boolean rests(long nowNanos) {
    return segment != null && nowNanos - triedNanos < RETRY_NANOS;
  }

  /// This one is read now: another has gone for newer ones.
  ///
  /// @param reading null for none
  void reads(@Nullable Segment reading) {
    if (segment != null && segment != reading) {
      forget();
    }
  }

  /// It was read.
  void isWell() {
    Segment well = segment;
    if (well != null) {
      forget();
      notice.accept(well.name() + " can be read again");
    }
  }

  /// A segment cannot be read. While the disk takes nothing either it is away rather than broken, and is waited for longer.
  ///
  /// @param isAway whether the disk takes nothing
  /// @return whether what is left of it is to be given up, if that can be
  boolean failed(Segment failing, IOException why, long nowNanos, boolean isAway) {
    triedNanos = nowNanos;
    boolean first = segment == null;
    segment = failing;
    if (first || isAway) {
      sinceNanos = nowNanos;
    }
    if (first) {
      firstNanos = nowNanos;
      String what =
          "shipper "
              + shipper
              + " waits for buffer.directory "
              + directory
              + ": "
              + failing.name()
              + " cannot be read ("
              + why.getMessage()
              + ")";
      problem = what;
      notice.accept(what);
    }
    return nowNanos - sinceNanos >= GIVE_UP_NANOS || nowNanos - firstNanos >= LONGEST_NANOS;
  }

  /// It is not tried again.
  void forget() {
    segment = null;
    problem = null;
  }
}

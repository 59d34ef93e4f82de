package dev.pannier.collector.simulation;

import dev.pannier.collector.config.FileSource;
import java.util.random.RandomGenerator;

/// What a history has beside what all of them have; each part is in some of them, and a history without any is as it was before there
/// were parts.
///
/// @param sendsAgain whether clients send an unanswered request again, until it is answered
/// @param delivered  whether the disk buffer's clients are answered when every shipper is done with their request
/// @param letters    whether what one destination refuses for good becomes dead letters
/// @param buries     whether what is too large for it does, too
/// @param fallsBack  whether that destination has a fallback
/// @param drops      whether the disk buffer is small and gives up what it has no room for
/// @param deletes    whether rotated files are deleted once they are shipped
record Parts(
    boolean sendsAgain,
    boolean delivered,
    boolean letters,
    boolean buries,
    boolean fallsBack,
    boolean drops,
    boolean deletes) {
  /// A part is in one history of so many.
  private static final int ONE_IN = 5;

  static Parts draw(RandomGenerator random, World.Mode mode) {
    boolean sendsAgain = random.nextInt(ONE_IN) == 0;
    boolean delivered = random.nextInt(ONE_IN) == 0;
    boolean letters = random.nextInt(ONE_IN) == 0;
    boolean buries = random.nextBoolean();
    boolean fallsBack = random.nextInt(ONE_IN) == 0;
    boolean drops = random.nextInt(ONE_IN) == 0 && mode.hasDisk();
    // No configuration has both.
    boolean deletes = random.nextInt(ONE_IN) == 0 && !drops;
    return new Parts(sendsAgain, delivered, letters, buries, fallsBack, drops, deletes);
  }

  /// What a record may have at most where [#onOversize] is not to split it.
  static final int MAX_RECORD = 4 << 10;

  /// What becomes of lines above [#MAX_RECORD]; to split them is what becomes of those of other histories, which have none. Not drawn, so
  /// that it changes nothing of these.
  static FileSource.OnOversize onOversize(long seed) {
    return switch (Math.floorMod(seed, 7)) {
      case 3 -> FileSource.OnOversize.TRUNCATE;
      case 4 -> FileSource.OnOversize.DROP;
      default -> FileSource.OnOversize.SPLIT;
    };
  }

  /// Whether the first destination lacks topics at times. Not drawn, so that it changes nothing of a history without it.
  static boolean lacksTopics(long seed) {
    return Math.floorMod(seed, ONE_IN) == 0;
  }
}

package dev.pannier.collector.simulation;

import dev.pannier.collector.tail.LogDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.random.RandomGenerator;

/// One application: it writes lines, often the last one in two parts, and rotates its log in every
/// way there is.
///
/// It spares the sidecar what nobody can survive: a log that it has never seen is rotated by renaming
/// alone, after a look at it, or while no sidecar runs, if one knew the log before; and nothing is deleted while nobody has it open.
final class Application {
  private final RandomGenerator random;
  private final Truth truth;
  private final LogDirectory log;
  private final boolean multiline;
  private String partial = "";

  /// The log was renamed between the two parts of its last line.
  private boolean rotatedMeanwhile;

  /// Something was written since the log was seen last, so its inode may be unknown to the sidecar.
  private boolean unseen;

  /// A generation of the log was stored.
  private boolean known;

  /// The sidecar has looked since it was started, and so holds the log open.
  private boolean open;

  Application(RandomGenerator random, Truth truth, Path folder, String name, boolean multiline) {
    this.random = random;
    this.truth = truth;
    this.multiline = multiline;
    log = new LogDirectory(folder, name);
  }

  /// The sidecar knows by now what there was.
  void looked() {
    unseen = log.isEmpty();
    known |= log.exists();
    open = true;
  }

  /// Nobody holds its files open any more.
  void unwatched() {
    open = false;
  }

  Path file() {
    return log.file;
  }

  boolean exists() {
    return log.exists();
  }

  boolean isUnseen() {
    return unseen;
  }

  /// Whether it is known by its name alone.
  boolean isUnseenPartOfAKnownLog() {
    return unseen && known && !log.isEmpty();
  }

  void write() {
    completePartial();
    unseen |= !log.exists();
    int count = 1 + random.nextInt(4);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      String line = line();
      truth.written(line);
      text.append(line).append('\n');
    }
    int now = text.length();
    if (!multiline && random.nextInt(3) == 0) {
      now -= random.nextInt(5);
    }
    partial = text.substring(now);
    log.write(text.substring(0, now));
  }

  void completePartial() {
    if (!partial.isEmpty()) {
      if (rotatedMeanwhile) {
        writeTo(log.numbered(1), partial);
      } else {
        log.write(partial);
      }
      partial = "";
    }
    rotatedMeanwhile = false;
  }

  /// Writes the rest of a line whose log was renamed meanwhile.
  void completeRotated() {
    if (rotatedMeanwhile) {
      completePartial();
    }
  }

  private static void writeTo(Path file, String text) {
    try {
      Files.writeString(file, text, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Nothing more than a rename: what was seen before, and what was made while no sidecar runs.
  void renameSeen() {
    completePartial();
    log.rename();
    unseen = false;
  }

  String rotate() {
    completeRotated();
    // What is deleted while nobody holds it open is gone.
    int kind = random.nextInt(open ? 6 : 4);
    if (kind == 0 && open && !partial.isEmpty()) {
      // Whoever has it open goes on in it.
      rotatedMeanwhile = true;
    } else {
      completePartial();
    }
    String how =
        switch (kind) {
          case 0 -> {
            log.rename();
            yield "rename";
          }
          case 1 -> {
            log.renameAndGzip();
            yield "rename and gzip";
          }
          case 2 -> {
            log.copyAndTruncate();
            yield "copy and truncate";
          }
          case 3 -> {
            log.gzip(log.copyAndTruncate());
            yield "copy, truncate and gzip";
          }
          case 4 -> {
            log.delete();
            yield "delete";
          }
          default -> {
            log.delete();
            write();
            yield "delete and create";
          }
        };
    unseen |= log.exists();
    return how;
  }

  private String line() {
    // The first bytes differ already: fewer of them could not tell two files apart.
    String line = Truth.digits(truth.next()) + " is written";
    if (random.nextInt(truth.hasOversize() ? 20 : 200) == 0) {
      line += " " + "y".repeat(random.nextInt(20_000));
    }
    if (multiline && random.nextInt(3) == 0) {
      line += "\n\tat Frame" + random.nextInt(10);
    }
    return line;
  }
}

package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where in the positions topic to begin to read: a small file beside the volume's positions, one line
/// with topic, partition, offset and what is there. Whatever is wrong with it, only reading takes longer, so it is
/// renamed into place (a crash leaves the old or the new one) and never synced.
final class OffsetHint {
  /// @param offset of the last message of ours, as far as is known; -1 for none
  /// @param isOurs false where nothing of ours was before it
  record Place(int partition, long offset, boolean isOurs) {
    static final Place UNKNOWN = new Place(-1, -1, false);
  }

  private static final Logger LOG = LoggerFactory.getLogger(OffsetHint.class);

  private final Path file;
  private final String topic;
  private Place place = Place.UNKNOWN;
  private boolean moved;

  OffsetHint(Path file, String topic) {
    this.file = file;
    this.topic = topic;
    try {
      List<String> words = List.of(Files.readString(file, UTF_8).strip().split(" ", -1));
      if (words.size() == 4 && words.getFirst().equals(topic)) {
        place =
            new Place(
                Integer.parseInt(words.get(1)),
                Long.parseLong(words.get(2)),
                words.get(3).equals("ours"));
      }
    } catch (IOException | NumberFormatException e) {
      LOG.debug("no hint", e);
    }
  }

  Place place() {
    return place;
  }

  void moved(int partition, long offset, boolean isOurs) {
    place = new Place(partition, offset, isOurs);
    moved = true;
  }

  /// Writes it if it has moved.
  void save() {
    if (!moved) {
      return;
    }
    moved = false;
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    try {
      Files.writeString(
          temporary,
          topic
              + " "
              + place.partition()
              + " "
              + place.offset()
              + (place.isOurs() ? " ours" : " none")
              + "\n",
          UTF_8);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.debug("the hint cannot be stored", e);
    }
  }
}

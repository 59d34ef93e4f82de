package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.utils.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where in the positions topic to begin to read: a small file beside the volume's positions, one line
/// with topic, partition, offset, what is there and whose. Whatever is wrong with it, only reading takes longer, as long as
/// the topic has the partitions that it had, so it is renamed into place (a crash leaves the old or the new one) and never
/// synced. One that was stored for another key tells nothing: positions would go to a partition that is not the key's.
final class OffsetHint {
  /// @param offset of the last message of ours, as far as is known; -1 for none
  /// @param isOurs false where nothing of ours was before it
  record Place(int partition, long offset, boolean isOurs) {
    static final Place UNKNOWN = new Place(-1, -1, false);
  }

  private static final Logger LOG = LoggerFactory.getLogger(OffsetHint.class);

  private final Path file;
  private final String topic;
  private final String owner;
  private Place place = Place.UNKNOWN;
  private boolean moved;

  /// @param key who stores positions
  OffsetHint(Path file, String topic, String key) {
    this.file = file;
    this.topic = topic;
    this.owner = HexFormat.of().toHexDigits(Utils.murmur2(key.getBytes(UTF_8)));
    try {
      List<String> words = List.of(Files.readString(file, UTF_8).strip().split(" ", -1));
      if (words.size() == 5 && words.getFirst().equals(topic) && words.get(4).equals(owner)) {
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
              + (place.isOurs() ? " ours " : " none ")
              + owner
              + "\n",
          UTF_8);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.debug("the hint cannot be stored", e);
    }
  }
}

package dev.pannier.collector.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/// Who this sidecar is to the destinations that store positions for it: the Pod's UID and the
/// container's name where they are known, else a random UUID. The first start writes it into the file
/// `identity` beside the positions, and it stays with them: a volume that goes on in another Pod goes on
/// where it was.
///
/// @param name  letters, digits and `._-/`
/// @param isNew whether it was made at this start, so that nothing can have been stored for it
public record Identity(String name, boolean isNew) {
  private static final String NAME = "identity";
  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._/-]{1,200}");
  private static final Pattern UNWELCOME = Pattern.compile("[^A-Za-z0-9._-]");

  /// @param attributes of the resource: `k8s.pod.uid`, `k8s.container.name`
  /// @throws IOException where it cannot be stored: without it nobody would be found again
  public static Identity read(
      Path directory, Map<String, String> attributes, RandomGenerator random) throws IOException {
    try {
      String stored = Files.readString(directory.resolve(NAME), UTF_8).strip();
      if (VALID.matcher(stored).matches()) {
        return new Identity(stored, false);
      }
    } catch (NoSuchFileException e) {
      return store(directory, make(attributes, random));
    }
    return store(directory, make(attributes, random));
  }

  private static String make(Map<String, String> attributes, RandomGenerator random) {
    String pod = attributes.getOrDefault("k8s.pod.uid", "");
    if (pod.isEmpty()) {
      return new UUID(random.nextLong(), random.nextLong()).toString();
    }
    String container = attributes.getOrDefault("k8s.container.name", "pannier");
    // A Pod may have been known by another identity before, see `forget`.
    String own = Long.toHexString(random.nextLong());
    return word(pod) + "/" + word(container) + "/" + own;
  }

  private static String word(String text) {
    String word = UNWELCOME.matcher(text).replaceAll("_");
    return word.length() > 80 ? word.substring(0, 80) : word;
  }

  private static Identity store(Path directory, String identity) throws IOException {
    DurableDirectory.replace(directory, NAME, (identity + "\n").getBytes(UTF_8));
    return new Identity(identity, true);
  }

  /// Nobody stores positions for it any more: those that a destination has become stale, and must not
  /// be taken for true when it stores some again.
  ///
  /// @throws IOException where it stays
  public static void forget(Path directory) throws IOException {
    if (Files.deleteIfExists(directory.resolve(NAME))) {
      DurableDirectory.syncNames(directory);
    }
  }
}

package dev.pannier.shippers;

import java.nio.file.Path;

/// Which dead letter box is asked for.
public sealed interface DeadLettersTo {
  /// A topic of the same cluster.
  record Topic(String topic) implements DeadLettersTo {}

  /// @param maxBytes beyond which the file takes no more
  record File(Path path, long maxBytes) implements DeadLettersTo {}
}

package dev.pannier.collector.simulation;

import java.util.BitSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Which topics of a destination are missing: that of requests, and those of two files.
final class MissingTopics {
  private static final int TOPICS = 3;

  private final @Nullable RandomGenerator random;
  private final BitSet missing = new BitSet();

  /// @param random decides which are; null where none ever is
  MissingTopics(@Nullable RandomGenerator random) {
    this.random = random;
  }

  boolean isMissing(String key) {
    return missing.get(key.isEmpty() ? 0 : key.contains("web") ? 1 : 2);
  }

  /// @return false where none is ever missing
  boolean change() {
    if (random == null) {
      return false;
    }
    for (int topic = 0; topic < TOPICS; topic++) {
      missing.set(topic, random.nextInt(3) == 0);
    }
    return true;
  }

  void heal() {
    missing.clear();
  }

  @Override
  public String toString() {
    return missing.toString();
  }
}

package dev.pannier.shippers;

import java.util.function.Consumer;

/// Where records go that a destination has refused for good: a Kafka topic or a file. One thread
/// calls, the one that ships.
public interface DeadLetterBox extends AutoCloseable {
  /// One attempt, as [Shipper#ship] makes it. `Accepted` when the letter is stored;
  /// `TooLarge` where a cut one may fit. `outcome` may be called from any thread, more than once.
  void put(DeadLetter letter, Consumer<Outcome> outcome);

  @Override
  void close();
}

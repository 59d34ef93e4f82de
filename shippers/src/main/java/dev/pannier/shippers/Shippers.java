package dev.pannier.shippers;

import dev.pannier.shippers.file.DeadLetterFile;
import dev.pannier.shippers.file.FileShipper;
import dev.pannier.shippers.file.StdoutShipper;
import dev.pannier.shippers.kafka.KafkaShipper;
import dev.pannier.shippers.kafka.TransactionalShipper;
import dev.pannier.shippers.otlp.OtlpShipper;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Makes the shipper that settings ask for.
public final class Shippers {
  private Shippers() {}

  /// Opens nothing yet: [Shipper#connect] does.
  ///
  /// @param memoryBytes what the shipper's client may hold: batches that wait or are in flight
  /// @param home        who this sidecar is, for shippers that store positions
  public static Shipper open(
      ShipperSettings settings,
      long memoryBytes,
      InstantSource clock,
      Home home,
      RandomGenerator random) {
    if (settings instanceof ShipperSettings.Kafka kafka) {
      return kafka.transactions() == null
          ? new KafkaShipper(kafka, memoryBytes)
          : new TransactionalShipper(kafka, memoryBytes, home, random);
    }
    if (settings instanceof ShipperSettings.Otlp otlp) {
      return new OtlpShipper(otlp, memoryBytes, clock);
    }
    if (settings instanceof ShipperSettings.File file) {
      return new FileShipper(file, memoryBytes);
    }
    return new StdoutShipper((ShipperSettings.Stdout) settings, memoryBytes);
  }

  /// Opens nothing yet.
  ///
  /// @param shipper whose destination refuses; a topic is of the same cluster, by the same client
  /// @return null where the shipper [Shipper#buries] from now on
  /// @throws IllegalArgumentException for a topic where the shipper is none of Kafka's, or a file where it is transactional
  public static @Nullable DeadLetterBox deadLetters(DeadLettersTo to, Shipper shipper) {
    return switch (to) {
      case DeadLettersTo.File _ when shipper.isTransactional() ->
          throw new IllegalArgumentException("a file is in no transaction");
      case DeadLettersTo.File file -> new DeadLetterFile(file);
      case DeadLettersTo.Topic topic -> {
        if (shipper instanceof TransactionalShipper transactional) {
          transactional.deadLetters(topic.topic());
          yield null;
        }
        if (shipper instanceof KafkaShipper kafka) {
          yield kafka.deadLetters(topic.topic());
        }
        throw new IllegalArgumentException("a dead letter topic needs a Kafka shipper");
      }
    };
  }
}

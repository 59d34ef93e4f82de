package dev.pannier.shippers;

import dev.pannier.shippers.file.FileShipper;
import dev.pannier.shippers.file.StdoutShipper;
import dev.pannier.shippers.kafka.KafkaShipper;
import dev.pannier.shippers.kafka.TransactionalShipper;
import dev.pannier.shippers.otlp.OtlpShipper;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/// Makes the shipper that settings ask for.
public final class Shippers {
  private Shippers() {}

  /// Opens nothing yet: [Shipper#connect] does.
  ///
  /// @param memoryBytes what the shipper's client may hold: batches that wait or are in flight
  public static Shipper open(
      ShipperSettings settings,
      long memoryBytes,
      InstantSource clock,
      Home home,
      RandomGenerator random) {
    return switch (settings) {
      case ShipperSettings.Kafka kafka ->
          kafka.transactions() == null
              ? new KafkaShipper(kafka, memoryBytes)
              : new TransactionalShipper(kafka, memoryBytes, home, random);
      case ShipperSettings.Otlp otlp -> new OtlpShipper(otlp, clock);
      case ShipperSettings.File file -> new FileShipper(file);
      case ShipperSettings.Stdout stdout -> new StdoutShipper(stdout);
    };
  }
}

package dev.pannier.shippers;

import dev.pannier.shippers.file.FileShipper;
import dev.pannier.shippers.file.StdoutShipper;
import dev.pannier.shippers.kafka.KafkaShipper;
import dev.pannier.shippers.otlp.OtlpShipper;
import java.time.InstantSource;

/// Makes the shipper that settings ask for.
public final class Shippers {
  private Shippers() {}

  /// Opens nothing yet: [Shipper#connect] does.
  ///
  /// @param memoryBytes what the shipper's client may hold: batches that wait or are in flight
  public static Shipper open(ShipperSettings settings, long memoryBytes, InstantSource clock) {
    if (settings instanceof ShipperSettings.Kafka kafka) {
      return new KafkaShipper(kafka, memoryBytes);
    }
    if (settings instanceof ShipperSettings.Otlp otlp) {
      return new OtlpShipper(otlp, clock);
    }
    if (settings instanceof ShipperSettings.File file) {
      return new FileShipper(file);
    }
    return new StdoutShipper((ShipperSettings.Stdout) settings);
  }
}

package dev.pannier.shippers;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.encoding.Lookup;
import dev.pannier.shippers.encoding.MessageEncoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a destination has refused for good, on its way to where such records are kept.
///
/// @param batch   its bytes as they were refused: a request with one record; with several only where
///     they cannot be told apart
/// @param reason  for people, without secrets
/// @param shipper whose destination refused it
/// @param place   where in the destination it was to go (a topic); empty where there is only one
public record DeadLetter(Batch batch, String reason, String shipper, String place) {
  private static final List<Lookup> UID =
      List.of(new Lookup(Lookup.Of.ATTRIBUTE, "log.record.uid"));

  /// `log.record.uid` of its only record; null where there is none, or more than one record.
  public @Nullable String uid() {
    if (batch.records() != 1) {
      return null;
    }
    MessageEncoder encoder =
        new MessageEncoder(ShipperSettings.Encoding.JSON, ShipperSettings.FieldNames.OTEL, UID);
    try {
      encoder.start(batch);
      return encoder.next() ? encoder.lookup(0) : null;
    } catch (IllegalArgumentException e) {
      // What is no OTLP has no attributes.
      return null;
    }
  }
}

package dev.pannier.shippers;

import java.time.Duration;
import java.util.List;

/// A destination under a test's control, for [ShipperContract].
public interface Destination extends AutoCloseable {
  /// Configured into the shipper where it holds a secret.
  String SECRET = "s3cr3t-v4lue";

  /// How it answers.
  enum Mode {
    ACCEPT,
    /// Takes data and never answers.
    HOLD,
    /// Fails the third batch since the mode was set, for a reason that may pass, but not before
    /// [#handedOver]; accepts the others.
    FAIL_THIRD,
    /// Says that the data is larger than it takes.
    TOO_LARGE,
    /// Refuses the data for good.
    REFUSE,
    /// Fails, quoting what it knows of secrets.
    TELL_SECRET
  }

  /// A new shipper to it.
  Shipper shipper();

  void mode(Mode mode);

  /// The shipper has been given all batches: with [Mode#FAIL_THIRD] the third may fail.
  default void handedOver() {
    // Only destinations that judge what they get have something to wait for.
  }

  /// From now on it cannot be reached.
  void down() throws Exception;

  /// It can be reached again.
  void up() throws Exception;

  /// The bodies of the log records that it has stored, in their order.
  List<String> stored() throws Exception;

  @Override
  void close();

  /// Longer than an attempt takes.
  default Duration patience() {
    return Duration.ofSeconds(30);
  }
}

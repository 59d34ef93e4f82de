package dev.pannier.collector.simulation;

import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;

/// What lies on the other side of a shipper, and outlives the sidecar.
sealed interface Destination permits SimulatedDestination, SimulatedCluster {
  String name();

  /// What reaches it with these settings.
  Shipper open(ShipperSettings settings);

  /// Lines before this one were written while it had no shipper: they come or not, in any order.
  void since(int line);

  /// The process has gone: some of what it had sent is on its way all the same.
  void cutOff();

  /// Goes on with something that is under way.
  ///
  /// @return whether there was anything
  boolean answer();

  void changeMood();

  /// From now on everything works.
  void heal();

  /// Whether it has a line, or has refused it for good.
  boolean has(int line);

  boolean hasRequest(int request);

  /// How many lines came again.
  long repeats();
}

package dev.pannier.shippers;

/// A transaction of which nobody knows whether it was committed. The shipper that takes the place of the one whose it was can tell:
/// [Shipper#committed] and [Shipper#hasCommitted].
///
/// @param instance    of the shipper whose it was, random
/// @param transaction its number with that one
/// @param ifCommitted what has become of the records then
public record Doubt(long instance, long transaction, Outcome ifCommitted) {}

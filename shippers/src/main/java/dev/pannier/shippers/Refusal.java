package dev.pannier.shippers;

import java.util.BitSet;

/// Records of a batch that a destination has refused for good, for one reason.
///
/// @param records their indexes
public record Refusal(BitSet records, String reason) {}

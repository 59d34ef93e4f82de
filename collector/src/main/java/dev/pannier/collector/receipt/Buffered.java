package dev.pannier.collector.receipt;

import java.util.List;

/// Bytes of one file generation that are left in the disk buffer.
///
/// @param source as in configuration
/// @param ranges in order, and apart from each other
public record Buffered(String source, List<ByteRange> ranges) {}

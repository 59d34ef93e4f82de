package dev.pannier.collector.receipt;

import java.util.List;

/// What buffers gave up of one file generation.
///
/// @param source as in configuration; empty where it is not known
/// @param parts  of each shipper and reason
public record DroppedFile(String source, List<Dropped> parts) {
  public DroppedFile {
    parts = List.copyOf(parts);
  }
}

package dev.pannier.shippers;

import java.nio.file.Path;

/// Who ships, for a shipper that stores positions with its records.
///
/// @param identity  of this sidecar, the same after a restart
/// @param isNew     whether nothing can have been shipped under it yet
/// @param directory where a shipper may keep a small file; it is there
public record Home(String identity, boolean isNew, Path directory) {}

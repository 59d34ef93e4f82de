/// The sidecar's own log: JSON lines on standard error, repeats merged, secrets masked. Nothing else
/// writes to standard error while the sidecar runs.
@NullMarked
package dev.pannier.collector.logging;

import org.jspecify.annotations.NullMarked;

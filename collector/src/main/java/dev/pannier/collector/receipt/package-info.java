/// What the sidecar owes to whoever reads its logs: which bytes of which file have left, and which have
/// not. It is told on the volume, in the log and in a Pod's termination message.
@NullMarked
package dev.pannier.collector.receipt;

import org.jspecify.annotations.NullMarked;

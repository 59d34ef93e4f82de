/// What survives a restart: the volume's identity, and for each file generation who it is and how
/// far it was acknowledged. One small file, replaced whole, in a directory whose name is durable.
@NullMarked
package dev.pannier.collector.checkpoint;

import org.jspecify.annotations.NullMarked;

/// What survives a restart: the volume's identity, and for each file generation who it is and how
/// far it was acknowledged. One small file, replaced whole.
@NullMarked
package dev.pannier.collector.checkpoint;

import org.jspecify.annotations.NullMarked;

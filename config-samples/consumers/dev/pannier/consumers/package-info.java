/// Consumers to start from: one for each of the encodings that programs read.
@NullMarked
package dev.pannier.consumers;

import org.jspecify.annotations.NullMarked;

/// Benchmarks of what the collector keeps to itself: they have to be in its package.
@NullMarked
package dev.pannier.collector.tail;

import org.jspecify.annotations.NullMarked;

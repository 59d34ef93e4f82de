/// From log files to batches: what files there are, which generation of its content each one is,
/// where reading goes on, and how its lines become records. One thread owns all of it.
@NullMarked
package dev.pannier.collector.tail;

import org.jspecify.annotations.NullMarked;

/// What lies between sources and shippers: the memory bound, and the batches that not every shipper
/// has confirmed yet.
@NullMarked
package dev.pannier.collector.buffer;

import org.jspecify.annotations.NullMarked;

/// From the buffer to a shipper: several batches in flight, retry, splitting, and what is told back
/// when a destination is done with a batch. The only owner of retry.
@NullMarked
package dev.pannier.collector.dispatch;

import org.jspecify.annotations.NullMarked;

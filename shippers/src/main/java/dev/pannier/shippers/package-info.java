/// One encoded batch to one destination, to an outcome. A shipper makes one attempt; retry, sleep
/// and disk are its caller's.
@NullMarked
package dev.pannier.shippers;

import org.jspecify.annotations.NullMarked;

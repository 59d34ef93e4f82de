/// From a batch to the messages that a destination takes: the request itself, its JSON, a flat JSON
/// object a record, or the original lines. Bytes to bytes; no destination is known here.
@NullMarked
package dev.pannier.shippers.encoding;

import org.jspecify.annotations.NullMarked;

/// The OTLP receiver (OTLP 1.x, "OTLP/gRPC" and "OTLP/HTTP"): from a complete request to a batch,
/// and from the batch's acknowledgement to the client's answer. The bytes of a request pass
/// untouched; they are checked, never decoded into objects.
@NullMarked
package dev.pannier.collector.receive;

import org.jspecify.annotations.NullMarked;

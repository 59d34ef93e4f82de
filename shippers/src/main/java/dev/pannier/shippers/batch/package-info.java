/// The batch that sources and shippers share: the bytes of one OTLP `Export…ServiceRequest`, and
/// what reads and writes them (protobuf, and its JSON mapping). The only place that knows OTLP's
/// field numbers.
@NullMarked
package dev.pannier.shippers.batch;

import org.jspecify.annotations.NullMarked;

/// To an OTLP backend, over gRPC or HTTP, with OkHttp. Which answers are tried again follows the
/// OTLP specification, "OTLP/gRPC Response", "OTLP/HTTP Response".
@NullMarked
package dev.pannier.shippers.otlp;

import org.jspecify.annotations.NullMarked;

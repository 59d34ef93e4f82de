/// The process's own server: HTTP/1.1 (RFC 9110, RFC 9112) and HTTP/2 with prior knowledge (RFC
/// 9113, HPACK of RFC 7541), plain text, on one selector thread. It knows nothing of OTLP but
/// gRPC's length prefix, so that a body can be read straight into a buffer of its final size.
///
/// What is bounded, and by what: connections and requests by their [Endpoint], a request's head by
/// [ServerSettings], bodies by the endpoint's memory budget and limit, answers by not reading on
/// while a connection's output waits. Handlers run on the server's thread and never block.
@NullMarked
package dev.pannier.collector.http;

import org.jspecify.annotations.NullMarked;

/// Black-box tests: the packaged sidecar as a process of its own between real clients, a real broker
/// and an OTLP backend. Nothing of the sidecar is on this class path.
@NullMarked
package dev.pannier.integration;

import org.jspecify.annotations.NullMarked;

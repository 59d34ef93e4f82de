/// The whole main job on one machine: a sample application, the packaged sidecar, a real Kafka
/// broker and a consumer, each a process of its own.
@NullMarked
package dev.pannier.demo;

import org.jspecify.annotations.NullMarked;

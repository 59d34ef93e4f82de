/// JMH benchmarks of the hot path's parts: `mvn -pl benchmarks -am package`, then
/// `org.openjdk.jmh.Main` with this module's class path.
@NullMarked
package dev.pannier.benchmarks;

import org.jspecify.annotations.NullMarked;

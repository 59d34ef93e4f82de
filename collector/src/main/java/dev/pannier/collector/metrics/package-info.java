/// The process's own counters, and nothing else: who exposes them lives in `admin`.
@NullMarked
package dev.pannier.collector.metrics;

import org.jspecify.annotations.NullMarked;

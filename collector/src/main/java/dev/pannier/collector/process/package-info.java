/// What is done to log records between source and buffer: redact, drop, add. On bytes; a batch in
/// which nothing changes stays the same object.
@NullMarked
package dev.pannier.collector.process;

import org.jspecify.annotations.NullMarked;

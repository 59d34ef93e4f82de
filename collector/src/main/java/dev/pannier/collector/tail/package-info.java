/// From log files to batches: finding files, telling their generations apart, reading, framing,
/// joining lines to records, parsing, and moving positions when batches are acknowledged.
///
/// One thread does all of it. The log file is the buffer: between two visits nothing of a file is
/// held but offsets, and what was not consumed is read again.
@NullMarked
package dev.pannier.collector.tail;

import org.jspecify.annotations.NullMarked;

/// From the bytes of one record to its fields. Everything here is pure: no file, thread, clock or
/// configuration file. Parsers push what they find into a [RecordSink]; nothing on that path
/// allocates for a line.
@NullMarked
package dev.pannier.parsers;

import org.jspecify.annotations.NullMarked;

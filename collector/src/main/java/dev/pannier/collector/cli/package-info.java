/// The command line: what each command reads, prints and exits with. What the sidecar does is not
/// here.
@NullMarked
package dev.pannier.collector.cli;

import org.jspecify.annotations.NullMarked;

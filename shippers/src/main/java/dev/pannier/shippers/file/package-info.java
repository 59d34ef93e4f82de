/// To files and to standard output, as lines.
@NullMarked
package dev.pannier.shippers.file;

import org.jspecify.annotations.NullMarked;

@NullMarked
package dev.pannier.shippers.encoding;

import org.jspecify.annotations.NullMarked;

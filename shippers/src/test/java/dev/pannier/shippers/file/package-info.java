@NullMarked
package dev.pannier.shippers.file;

import org.jspecify.annotations.NullMarked;

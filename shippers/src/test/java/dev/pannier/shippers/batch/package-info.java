@NullMarked
package dev.pannier.shippers.batch;

import org.jspecify.annotations.NullMarked;

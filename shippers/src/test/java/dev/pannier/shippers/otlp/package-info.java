@NullMarked
package dev.pannier.shippers.otlp;

import org.jspecify.annotations.NullMarked;

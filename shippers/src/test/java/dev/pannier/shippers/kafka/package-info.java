@NullMarked
package dev.pannier.shippers.kafka;

import org.jspecify.annotations.NullMarked;

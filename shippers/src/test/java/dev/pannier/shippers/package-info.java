@NullMarked
package dev.pannier.shippers;

import org.jspecify.annotations.NullMarked;

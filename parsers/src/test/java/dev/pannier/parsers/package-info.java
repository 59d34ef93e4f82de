@NullMarked
package dev.pannier.parsers;

import org.jspecify.annotations.NullMarked;

@NullMarked
package dev.pannier.benchmarks;

import org.jspecify.annotations.NullMarked;

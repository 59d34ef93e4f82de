/// The process: its entry point and how its parts are put together.
@NullMarked
package dev.pannier.collector;

import org.jspecify.annotations.NullMarked;

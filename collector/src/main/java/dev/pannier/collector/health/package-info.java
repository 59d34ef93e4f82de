/// Which loops are alive and what is not ready: every part reports here, `admin` answers from it.
@NullMarked
package dev.pannier.collector.health;

import org.jspecify.annotations.NullMarked;

/// The command line of what puts the sidecar into Pods: reading manifests, writing them, and telling what was done.
@NullMarked
package dev.pannier.inject;

import org.jspecify.annotations.NullMarked;

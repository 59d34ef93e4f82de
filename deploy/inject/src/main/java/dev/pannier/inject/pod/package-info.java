/// What has to change in a Pod for the sidecar to be in it, on trees of maps, lists and single values: neutral to YAML, JSON and to
/// who asks.
@NullMarked
package dev.pannier.inject.pod;

import org.jspecify.annotations.NullMarked;

/// Manifests as text: where each value of YAML or JSON stands, and changes as edits of that text. Knows nothing of Pods.
@NullMarked
package dev.pannier.inject.yaml;

import org.jspecify.annotations.NullMarked;

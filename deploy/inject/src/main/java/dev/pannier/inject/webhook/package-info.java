/// The admission webhook: what `inject` does to manifests, done to Pods as they are made. Reviews (`admission.k8s.io/v1`) come in as JSON over
/// HTTPS, and JSON Patches go out.
@NullMarked
package dev.pannier.inject.webhook;

import org.jspecify.annotations.NullMarked;

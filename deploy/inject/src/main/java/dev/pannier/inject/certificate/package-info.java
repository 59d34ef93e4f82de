/// The webhook's certificate: making a self-signed one, reading one, and taking a new one without a restart.
@NullMarked
package dev.pannier.inject.certificate;

import org.jspecify.annotations.NullMarked;

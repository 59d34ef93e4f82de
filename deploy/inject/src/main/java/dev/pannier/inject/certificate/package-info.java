/// The webhook's certificate: making one, self-signed or by an authority, reading one, and taking a new one without a restart.
@NullMarked
package dev.pannier.inject.certificate;

import org.jspecify.annotations.NullMarked;

/// What can be seen from outside: `/livez`, `/readyz`, `/metrics` and `/status`. It reads what the
/// other parts keep, and keeps nothing itself.
@NullMarked
package dev.pannier.collector.admin;

import org.jspecify.annotations.NullMarked;

package dev.pannier.collector.config;

import dev.pannier.collector.config.Configuration.Address;
import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Knows where the sidecar itself listens: what it shipped there would come back for ever.
final class LoopGuard {
  private final @Nullable OtlpSource otlp;

  LoopGuard(@Nullable OtlpSource otlp) {
    this.otlp = otlp;
  }

  boolean isOurselves(URI endpoint) {
    return otlp != null && (isAt(otlp.grpc(), endpoint) || isAt(otlp.http(), endpoint));
  }

  private static boolean isAt(@Nullable Address address, URI endpoint) {
    String host = endpoint.getHost();
    return address != null
        && host != null
        && endpoint.getPort() == address.port()
        && (isThisMachine(host) || host.equalsIgnoreCase(address.host()));
  }

  /// By its text alone: names are not resolved before the sidecar runs.
  private static boolean isThisMachine(String host) {
    String lower = host.toLowerCase(Locale.ROOT);
    return lower.equals("localhost")
        || lower.startsWith("127.")
        || lower.equals("[::1]")
        || lower.equals("0.0.0.0")
        || lower.equals("[::]");
  }
}

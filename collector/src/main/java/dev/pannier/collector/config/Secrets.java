package dev.pannier.collector.config;

import java.util.Locale;

/// Which values are secret by the name they go under. Such a value is never printed, logged or
/// shown.
public final class Secrets {
  /// What stands in a secret's place.
  public static final String MASK = "****";

  private static final String[] SUFFIXES = {"password", "secret", "key", "token", "jaas.config"};

  private Secrets() {}

  /// Whether a property or header of this name holds a secret.
  public static boolean isSecret(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    for (String suffix : SUFFIXES) {
      if (lower.endsWith(suffix)) {
        return true;
      }
    }
    return lower.equals("authorization") || lower.equals("proxy-authorization");
  }
}

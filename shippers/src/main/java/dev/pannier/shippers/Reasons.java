package dev.pannier.shippers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes an [Outcome]'s reason of what a client or a destination said: one line, bounded, and
/// without the secrets that the shipper was configured with.
public final class Reasons {
  private static final int MAX_CHARS = 400;
  private static final String MASK = "****";

  /// A shorter secret would blot out half of the text, and protects nothing.
  private static final int SHORTEST_SECRET = 3;

  private static final String[] SECRET_SUFFIXES = {
    "password", "secret", "key", "token", "jaas.config"
  };

  /// `password="…"` in a JAAS configuration.
  private static final Pattern JAAS_VALUE = Pattern.compile("(\\w+)\\s*=\\s*[\"']([^\"']*)[\"']");

  private static final Pattern NOT_ONE_LINE = Pattern.compile("[\\p{Cntrl}\\s]+");

  private final List<String> secrets;

  private Reasons(List<String> secrets) {
    secrets.removeIf(secret -> secret.length() < SHORTEST_SECRET);
    // A secret may be part of another.
    secrets.sort(Comparator.comparingInt(String::length).reversed());
    this.secrets = List.copyOf(secrets);
  }

  /// For settings whose names tell which of them are secret.
  public static Reasons withoutSecretsOf(Map<String, String> properties) {
    List<String> secrets = new ArrayList<>();
    for (Map.Entry<String, String> property : properties.entrySet()) {
      if (isSecret(property.getKey())) {
        secrets.add(property.getValue());
        Matcher quoted = JAAS_VALUE.matcher(property.getValue());
        while (quoted.find()) {
          if (isSecret(quoted.group(1))) {
            secrets.add(quoted.group(2));
          }
        }
      }
    }
    return new Reasons(secrets);
  }

  private static boolean isSecret(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    for (String suffix : SECRET_SUFFIXES) {
      if (lower.endsWith(suffix)) {
        return true;
      }
    }
    return false;
  }

  /// For values each of which may be secret, and their parts between spaces (`Bearer …`).
  public static Reasons withoutValues(Iterable<String> values) {
    List<String> secrets = new ArrayList<>();
    for (String value : values) {
      secrets.add(value);
      secrets.addAll(List.of(value.split(" ", -1)));
    }
    return new Reasons(secrets);
  }

  /// @return the text on one line, cut to 400 characters, secrets masked
  public String clean(@Nullable String text) {
    String clean = text == null ? "" : text;
    for (String secret : secrets) {
      clean = clean.replace(secret, MASK);
    }
    clean = NOT_ONE_LINE.matcher(clean).replaceAll(" ").strip();
    return clean.length() <= MAX_CHARS ? clean : clean.substring(0, MAX_CHARS - 1) + "…";
  }

  /// @return what the innermost cause says, which is mostly what helps
  public String of(Throwable error) {
    Throwable cause = error;
    for (int depth = 0; cause.getCause() != null && depth < 20; depth++) {
      cause = cause.getCause();
    }
    String message = clean(cause.getMessage());
    String name = cause.getClass().getSimpleName();
    return message.isEmpty() ? name : name + ": " + message;
  }
}

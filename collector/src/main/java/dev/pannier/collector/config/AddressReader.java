package dev.pannier.collector.config;

import dev.pannier.collector.config.Configuration.Address;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads the addresses that the sidecar listens on, and sees that no two are the same.
final class AddressReader {
  static final String NO_ADDRESS = "no address: host:port, with a port up to 65535";

  private static final Pattern ADDRESS =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+):(\\d{1,5})");

  private final Map<Address, String> taken = new HashMap<>();

  /// @return the fallback where the key is not there; null where it says `none` and may
  @Nullable Address read(Section section, String key, Address fallback, boolean mayBeNone) {
    Value value = section.value(key);
    if (value != null && mayBeNone && value.is("none")) {
      return null;
    }
    Address address = fallback;
    if (value != null) {
      String text = value.text();
      Address read = text == null ? null : parse(text);
      if (text != null && read == null) {
        value.problem(NO_ADDRESS);
      }
      if (read == null) {
        return fallback;
      }
      address = read;
    }
    String other = address.port() == 0 ? null : taken.putIfAbsent(address, key);
    if (other != null && value != null) {
      value.problem("the same address as " + other);
    }
    return address;
  }

  /// The key that has an address already; null where none has.
  @Nullable String whoHas(Address address) {
    return address.port() == 0 ? null : taken.get(address);
  }

  /// @return null where the text is no `host:port`; the host without an IPv6 address's brackets
  static @Nullable Address parse(String text) {
    Matcher matcher = ADDRESS.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    int port = Integer.parseInt(matcher.group(2));
    String host = matcher.group(1);
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    return port > 65535 ? null : new Address(host, port);
  }
}

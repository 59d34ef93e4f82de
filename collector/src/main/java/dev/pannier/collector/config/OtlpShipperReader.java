package dev.pannier.collector.config;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import dev.pannier.shippers.ShipperSettings.Tls;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads a shipper of the type `otlp`.
final class OtlpShipperReader {
  static final Duration TIMEOUT = Duration.ofSeconds(10);
  static final Map<String, Protocol> PROTOCOLS =
      Names.choices(
          Protocol.values(), value -> value.name().toLowerCase(Locale.ROOT).replace('_', '/'));
  static final Map<String, Compression> COMPRESSIONS =
      Names.choices(Compression.values(), value -> value.name().toLowerCase(Locale.ROOT));

  static final String LOOP =
      "is where this sidecar itself listens: what it ships would come back for ever";

  /// RFC 9110, section 5.6.2.
  private static final Pattern HEADER_NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  /// RFC 9110, section 5.5, in ASCII, as gRPC wants it.
  private static final Pattern HEADER_VALUE = Pattern.compile("[\\x20-\\x7E\\t]*");

  private OtlpShipperReader() {}

  static ShipperSettings read(String name, Section section, LoopGuard loops) {
    Value endpointValue = section.required("endpoint");
    URI endpoint = URI.create("http://unknown");
    if (endpointValue != null) {
      String text = endpointValue.text();
      // Before an @ there may stand a password.
      Value shown = text != null && text.contains("@") ? endpointValue.secret() : endpointValue;
      URI read = text == null ? null : endpoint(text, shown::problem);
      if (read != null) {
        endpoint = read;
        if (loops.isOurselves(read)) {
          endpointValue.problem(LOOP);
        }
      }
    }
    Value tlsValue = section.value("tls");
    Tls tls = tlsValue == null ? null : tls(tlsValue);
    if (tlsValue != null && !"https".equals(endpoint.getScheme())) {
      tlsValue.problem("needs an endpoint with https://");
    }
    return new ShipperSettings.Otlp(
        name,
        endpoint,
        section.choice(
            "protocol",
            PROTOCOLS,
            endpoint.getPort() == 4318 ? Protocol.HTTP_PROTOBUF : Protocol.GRPC),
        section.choice("compression", COMPRESSIONS, Compression.NONE),
        headers(section.section("headers")),
        tls,
        section.duration("timeout", Duration.ofMillis(100), Duration.ofMinutes(5), TIMEOUT),
        ShippersReader.signals(section));
  }

  /// @param problem told what is wrong
  /// @return null after a problem
  static @Nullable URI endpoint(String text, Consumer<String> problem) {
    try {
      URI uri = new URI(text);
      String scheme = uri.getScheme();
      if (scheme == null
          || !(scheme.equals("http") || scheme.equals("https"))
          || uri.getHost() == null
          || uri.getPort() > 65535) {
        problem.accept("no endpoint: http://host:port or https://host:port");
        return null;
      }
      if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getFragment() != null) {
        problem.accept("an endpoint has no user, query or fragment; use headers");
        return null;
      }
      return uri;
    } catch (URISyntaxException e) {
      problem.accept("no endpoint: http://host:port or https://host:port");
      return null;
    }
  }

  static boolean isHeader(String name, String value) {
    return HEADER_NAME.matcher(name).matches() && HEADER_VALUE.matcher(value).matches();
  }

  private static Map<String, String> headers(Section section) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (Map.Entry<String, Value> entry : section.all().entrySet()) {
      Value value = entry.getValue().secret();
      if (!HEADER_NAME.matcher(entry.getKey()).matches()) {
        value.keyProblem(entry.getKey(), "no header's name");
        continue;
      }
      String text = value.text();
      if (text == null) {
        continue;
      }
      if (!HEADER_VALUE.matcher(text).matches()) {
        value.problem("a header's value is printable ASCII on one line");
      }
      headers.put(entry.getKey(), text);
    }
    return Collections.unmodifiableMap(headers);
  }

  private static Tls tls(Value value) {
    Section section = value.section();
    Path ca = path(section.value("ca"));
    Path cert = path(section.value("cert"));
    Path key = path(section.value("key"));
    section.finish();
    if ((cert == null) != (key == null)) {
      value.problem("cert and key go together");
    }
    return new Tls(ca, cert, key);
  }

  private static @Nullable Path path(@Nullable Value value) {
    return value == null ? null : value.absolutePath();
  }
}

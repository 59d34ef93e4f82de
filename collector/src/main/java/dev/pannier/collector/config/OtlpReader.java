package dev.pannier.collector.config;

import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.config.OtlpSource.Acknowledge;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads `sources.otlp`.
final class OtlpReader {
  private static final Address GRPC = new Address("127.0.0.1", 4317);
  private static final Address HTTP = new Address("127.0.0.1", 4318);

  private OtlpReader() {}

  /// @param maxRequestLimit a quarter of `memory`
  static @Nullable OtlpSource read(
      Section sources, AddressReader addresses, long memory, long maxRequestLimit) {
    Value value = sources.value("otlp");
    if (value != null && value.is("none")) {
      return null;
    }
    Section section = sources.section("otlp");
    Address grpc = addresses.read(section, "grpc", GRPC, true);
    Address http = addresses.read(section, "http", HTTP, true);
    Acknowledge acknowledge = acknowledge(section.value("acknowledge"));
    long maxRequest =
        section.size(
            "max_request",
            Units.KIB,
            Integer.MAX_VALUE / 2,
            Math.min(4 * Units.MIB, maxRequestLimit));
    Value written = section.value("max_request");
    if (written != null && maxRequest > maxRequestLimit) {
      written.problem("max_request > memory / 4, which is " + Units.write(memory) + " / 4");
    }
    long recordLimit = Math.max(Units.KIB, maxRequest);
    long maxRecord =
        section.size("max_record", Units.KIB, recordLimit, Math.min(Units.MIB, recordLimit));
    section.finish();
    return grpc == null && http == null
        ? null
        : new OtlpSource(grpc, http, acknowledge, (int) maxRequest, (int) maxRecord);
  }

  private static Acknowledge acknowledge(@Nullable Value value) {
    if (value == null) {
      return Acknowledge.DELIVERED;
    }
    if (value.is("durable")) {
      value.problem("needs a buffer on disk, and buffer.type is memory: use delivered");
      return Acknowledge.DELIVERED;
    }
    Map<String, Acknowledge> choices = new LinkedHashMap<>();
    choices.put("delivered", Acknowledge.DELIVERED);
    choices.put("accepted", Acknowledge.ACCEPTED);
    return value.choice(choices, Acknowledge.DELIVERED);
  }
}

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
      Section sources,
      AddressReader addresses,
      long memory,
      long maxRequestLimit,
      BufferSettings buffer) {
    Value value = sources.value("otlp");
    if (value != null && value.is("none")) {
      return null;
    }
    Section section = sources.section("otlp");
    Address grpc = addresses.read(section, "grpc", GRPC, true);
    Address http = addresses.read(section, "http", HTTP, true);
    Acknowledge acknowledge = acknowledge(section.value("acknowledge"), buffer.type());
    long maxRequest =
        section.size(
            "max_request",
            Units.KIB,
            Integer.MAX_VALUE / 2,
            Math.min(4 * Units.MIB, maxRequestLimit));
    Value written = section.value("max_request");
    if (written != null && maxRequest > maxRequestLimit) {
      written.problem("max_request > memory / 4, which is " + Units.write(memory) + " / 4");
    } else if (written != null && maxRequest > buffer.largestBatch()) {
      written.problem(
          "max_request > buffer.max_bytes / 2, which is "
              + Units.write(buffer.maxBytes())
              + " / 2");
    }
    long recordLimit = Math.max(Units.KIB, maxRequest);
    long maxRecord =
        section.size("max_record", Units.KIB, recordLimit, Math.min(Units.MIB, recordLimit));
    section.finish();
    return grpc == null && http == null
        ? null
        : new OtlpSource(grpc, http, acknowledge, (int) maxRequest, (int) maxRecord);
  }

  /// Without a word of the user's, the strongest that does not wait for destinations where the
  /// buffer can do without.
  private static Acknowledge acknowledge(@Nullable Value value, BufferSettings.Type buffer) {
    boolean disk = buffer == BufferSettings.Type.DISK;
    Acknowledge fallback = disk ? Acknowledge.DURABLE : Acknowledge.DELIVERED;
    if (value == null) {
      return fallback;
    }
    if (value.is("durable") && !disk) {
      value.problem("needs a buffer on disk, and buffer.type is memory: use delivered");
      return fallback;
    }
    Map<String, Acknowledge> choices = new LinkedHashMap<>();
    choices.put("delivered", Acknowledge.DELIVERED);
    if (disk) {
      choices.put("durable", Acknowledge.DURABLE);
    }
    choices.put("accepted", Acknowledge.ACCEPTED);
    return value.choice(choices, fallback);
  }
}

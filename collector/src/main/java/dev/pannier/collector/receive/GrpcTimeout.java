package dev.pannier.collector.receive;

import org.jspecify.annotations.Nullable;

/// The `grpc-timeout` header: at most 8 digits and a unit.
final class GrpcTimeout {
  private static final int MAX_DIGITS = 8;

  private GrpcTimeout() {}

  /// @return the nanoseconds; [Long#MAX_VALUE] where there is no such header, or it is malformed
  static long nanos(@Nullable String header) {
    if (header == null || header.length() < 2 || header.length() > MAX_DIGITS + 1) {
      return Long.MAX_VALUE;
    }
    long value = 0;
    for (int i = 0; i < header.length() - 1; i++) {
      char c = header.charAt(i);
      if (c < '0' || c > '9') {
        return Long.MAX_VALUE;
      }
      value = 10 * value + c - '0';
    }
    long unit =
        switch (header.charAt(header.length() - 1)) {
          case 'H' -> 3_600_000_000_000L;
          case 'M' -> 60_000_000_000L;
          case 'S' -> 1_000_000_000L;
          case 'm' -> 1_000_000L;
          case 'u' -> 1_000L;
          case 'n' -> 1L;
          default -> 0L;
        };
    return unit == 0 || value > Long.MAX_VALUE / unit ? Long.MAX_VALUE : value * unit;
  }
}

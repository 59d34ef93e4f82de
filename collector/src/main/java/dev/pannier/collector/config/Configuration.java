package dev.pannier.collector.config;

import dev.pannier.shippers.ShipperSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Everything that the sidecar is told, complete: every default is filled in.
///
/// @param memoryBytes    `memory`: the one bound on bytes held
/// @param stateDirectory `state.directory`: positions and identity
/// @param files          `sources.files`, in the order of the file
/// @param otlp           `sources.otlp`; null where it is switched off
/// @param processors     in the order in which they apply
/// @param shippers       in the order of the file
public record Configuration(
    Resource resource,
    long memoryBytes,
    Path stateDirectory,
    List<FileSource> files,
    @Nullable OtlpSource otlp,
    List<ProcessorSettings> processors,
    BufferSettings buffer,
    List<ShipperSettings> shippers,
    Admin admin,
    Shutdown shutdown) {

  /// The OTLP `Resource` of tailed records.
  ///
  /// @param attributes `service.name` first; values are strings
  public record Resource(Map<String, String> attributes) {}

  /// @param listen `admin.listen`, host and port
  /// @param token  what a client that is not on loopback has to bring for `/status`; null for none
  public record Admin(Address listen, @Nullable String token) {}

  /// @param deadline from SIGTERM to the end of the process
  /// @param quiet    how long nothing may have come before the sidecar counts its sources as done
  public record Shutdown(Duration deadline, Duration quiet) {}

  /// @param port 0 to 65535; 0 for any free one
  public record Address(String host, int port) {}
}

package dev.pannier.collector.config;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Signal;
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
/// @param policies       by shipper, of each that the file names; none where the environment names them
public record Configuration(
    Resource resource,
    long memoryBytes,
    Path stateDirectory,
    List<FileSource> files,
    @Nullable OtlpSource otlp,
    List<ProcessorSettings> processors,
    BufferSettings buffer,
    List<ShipperSettings> shippers,
    Map<String, ShipperPolicy> policies,
    Admin admin,
    Shutdown shutdown) {

  /// What is alive on the heap beside what `memory` bounds.
  private static final int HEAP_BESIDE_MIB = 16;

  /// The heap, in MiB, that a JVM needs for this `memory`.
  public static long heapMib(long memoryBytes) {
    return (memoryBytes >> 20) + HEAP_BESIDE_MIB;
  }

  public ShipperPolicy policy(String shipper) {
    return policies.getOrDefault(shipper, ShipperPolicy.DEFAULT);
  }

  /// Whether the file names the shippers, and not the environment.
  boolean namesShippers() {
    return !policies.isEmpty();
  }

  /// Whether another shipper names it as its fallback: it gets nothing else.
  public boolean isFallback(String shipper) {
    return policies.values().stream().anyMatch(policy -> shipper.equals(policy.fallback()));
  }

  /// The shippers that get records of a signal, and not as a fallback.
  public List<ShipperSettings> takers(Signal signal) {
    return shippers.stream()
        .filter(shipper -> shipper.signals().contains(signal) && !isFallback(shipper.name()))
        .toList();
  }

  /// The OTLP `Resource` of tailed records.
  ///
  /// @param attributes `service.name` first; values are strings
  /// @param received   those that resources of received OTLP get where they lack them; mostly none
  public record Resource(Map<String, String> attributes, Map<String, String> received) {}

  /// @param listen `admin.listen`, host and port
  /// @param token  what a client that is not on loopback has to bring for `/status`; null for none
  public record Admin(Address listen, @Nullable String token) {}

  /// @param deadline from SIGTERM to the end of the process
  /// @param quiet    how long nothing may have come before the sidecar counts its sources as done
  /// @param terminationLog where the receipt's short form goes at the end; null for nowhere
  public record Shutdown(Duration deadline, Duration quiet, @Nullable Path terminationLog) {}

  /// @param port 0 to 65535; 0 for any free one
  public record Address(String host, int port) {
    // What the compiler leaves to the JVM is made when it is first asked, by classes that no AOT
    // cache keeps; every start asks for this.
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Address address && port == address.port && host.equals(address.host);
    }

    @Override
    public int hashCode() {
      return 31 * host.hashCode() + port;
    }
  }
}

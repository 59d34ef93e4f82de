package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Signal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/// Whoever writes the configuration, and changes something of it now and then.
///
/// A shipper is named by its destination, and by a number behind a dash where it has taken the place of another. One that ships
/// exactly once stays: under another name, or away for a while, it would be a new one that has shipped nothing.
final class Operator {
  private static final long SEGMENTS_BYTES = 1L << 20;

  private final RandomGenerator random;
  private final World.Mode mode;
  private final Path state;
  private final long memoryBytes;
  private final boolean multiline;

  /// Whether rotated files match, too.
  private final boolean wide;

  private final boolean two;
  private final Map<String, ShipperSettings> shippers = new LinkedHashMap<>();
  private final List<String> destinations = List.of("one", "two");
  private List<FileSource> sources;
  private long logBytes;
  private int version;

  /// @param two whether there are two applications
  Operator(RandomGenerator random, World.Mode mode, Path state, long memoryBytes, boolean two) {
    this.random = random;
    this.mode = mode;
    this.state = state;
    this.memoryBytes = memoryBytes;
    this.two = two;
    multiline = random.nextInt(4) == 0;
    wide = random.nextBoolean();
    logBytes = random.nextBoolean() ? SEGMENTS_BYTES : 16 * SEGMENTS_BYTES;
    sources = all();
    destinations.forEach(
        destination -> shippers.put(destination, shipper(destination, destination)));
  }

  boolean isMultiline() {
    return multiline;
  }

  /// The name of the destination of a shipper.
  static String destination(String shipper) {
    int dash = shipper.indexOf('-');
    return dash < 0 ? shipper : shipper.substring(0, dash);
  }

  /// As the file says now.
  Configuration configuration() {
    return new Configuration(
        new Configuration.Resource(Map.of(), Map.of()),
        memoryBytes,
        state,
        sources,
        null,
        List.of(),
        mode.hasDisk()
            ? new BufferSettings(
                BufferSettings.Type.DISK,
                state.resolve("buffer"),
                logBytes,
                BufferSettings.OnFull.BACKPRESSURE)
            : new BufferSettings(
                BufferSettings.Type.MEMORY, state, 0, BufferSettings.OnFull.BACKPRESSURE),
        List.copyOf(shippers.values()),
        Map.of(),
        new Configuration.Admin(new Configuration.Address("127.0.0.1", 0), null),
        new Configuration.Shutdown(Duration.ZERO, Duration.ZERO, null));
  }

  /// Whether an application's log, and what it was rotated to, is read.
  ///
  /// @param log the name that they begin with
  static boolean tails(List<FileSource> sources, String log) {
    return sources.stream()
        .flatMap(source -> source.include().stream())
        .anyMatch(include -> include.startsWith("/logs/*") || include.startsWith("/logs/" + log));
  }

  /// Changes one thing or several, or nothing at all.
  String change() {
    StringBuilder what = new StringBuilder();
    do {
      what.append(changeOne()).append(", ");
    } while (random.nextInt(3) == 0);
    return what.toString();
  }

  private String changeOne() {
    return switch (random.nextInt(10)) {
      case 0 -> "nothing";
      case 1 -> {
        logBytes = logBytes == SEGMENTS_BYTES ? 16 * SEGMENTS_BYTES : SEGMENTS_BYTES;
        yield "max_bytes";
      }
      case 2, 3 -> {
        sources = sources.stream().map(source -> source(source.name(), source.include())).toList();
        yield "settings of sources";
      }
      case 4, 5 -> changeSources();
      case 6, 7 -> {
        String destination = destinations.get(random.nextInt(destinations.size()));
        shippers.computeIfPresent(destination, (key, shipper) -> shipper(shipper.name(), key));
        yield "settings of shipper " + destination;
      }
      default -> changeShippers();
    };
  }

  private String changeSources() {
    if (sources.isEmpty() || random.nextBoolean()) {
      sources = all();
      return "all sources";
    }
    if (!two || !wide || random.nextInt(3) == 0) {
      sources = List.of();
      return "no sources";
    }
    FileSource app = source("app", List.of("/logs/app*"));
    FileSource web = source("web", List.of("/logs/web*"));
    sources = random.nextBoolean() ? List.of(app, web) : List.of(random.nextBoolean() ? app : web);
    return sources.size() + " sources";
  }

  private String changeShippers() {
    List<String> may = new ArrayList<>(destinations);
    if (mode.isOnce()) {
      may.removeFirst();
    }
    String destination = may.get(random.nextInt(may.size()));
    if (!shippers.containsKey(destination)) {
      shippers.put(destination, shipper(destination, destination));
      return "shipper " + destination + " added";
    }
    if (shippers.size() == 1 || random.nextBoolean()) {
      shippers.put(destination, shipper(destination + "-" + ++version, destination));
      return "shipper " + destination + " has another name";
    }
    shippers.remove(destination);
    return "shipper " + destination + " removed";
  }

  /// Nothing is missing any more.
  void complete() {
    if (!tails(sources, "app") || !tails(sources, "web")) {
      sources = all();
    }
    destinations.forEach(
        destination -> shippers.computeIfAbsent(destination, name -> shipper(name, destination)));
  }

  private List<FileSource> all() {
    return List.of(source("app", List.of(wide ? "/logs/*" : "/logs/*.log")));
  }

  private FileSource source(String name, List<String> include) {
    return new FileSource(
        name,
        include,
        List.of(),
        new ParserSpec.Raw(),
        multiline ? new FileSource.Multiline.Auto() : new FileSource.Multiline.None(),
        Duration.ofMillis(100 + random.nextInt(3)),
        FileSource.StartAt.BEGINNING,
        UTF_8,
        ZoneOffset.UTC,
        1 << 20,
        FileSource.OnOversize.SPLIT);
  }

  private ShipperSettings shipper(String name, String destination) {
    version++;
    if (mode.isOnce() && destination.equals(destinations.getFirst())) {
      return SimulatedCluster.settings(name, version);
    }
    return switch (random.nextInt(3)) {
      case 0 ->
          new ShipperSettings.Kafka(
              name,
              Map.of(Signal.LOGS, "lines"),
              Map.of(Signal.LOGS, ShipperSettings.Encoding.OTLP_PROTO),
              ShipperSettings.FieldNames.LOGSTASH,
              "source",
              Map.of("client.id", "version" + version));
      case 1 ->
          new ShipperSettings.Otlp(
              name,
              URI.create("http://127.0.0.1:1/" + version),
              ShipperSettings.Protocol.GRPC,
              ShipperSettings.Compression.NONE,
              Map.of(),
              null,
              Duration.ofSeconds(10),
              Set.of(Signal.LOGS));
      default ->
          new ShipperSettings.File(
              name,
              "/version" + version,
              ShipperSettings.Encoding.OTLP_JSON,
              ShipperSettings.FieldNames.LOGSTASH,
              1 << 20,
              Set.of(Signal.LOGS));
    };
  }
}

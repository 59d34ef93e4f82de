package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.config.BufferSettings;
import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.config.ShipperPolicy;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Signal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Whoever writes the configuration, and changes something of it now and then.
///
/// A shipper is named by its destination, and by a number behind a dash where it has taken the place of another. One that ships
/// exactly once stays: under another name, or away for a while, it would be a new one that has shipped nothing.
final class Operator {
  /// The second destination's.
  static final String FALLBACK = "three";

  private static final long SEGMENTS_BYTES = 1L << 20;

  private final RandomGenerator random;
  private final World.Mode mode;
  private final Path state;
  private final long memoryBytes;
  private final @Nullable Letters letters;
  private final boolean multiline;

  /// Whether rotated files match, too.
  private final boolean wide;

  private final boolean two;
  private final Map<String, ShipperSettings> shippers = new LinkedHashMap<>();
  private final List<String> destinations = List.of("one", "two");
  private List<FileSource> sources;
  private long logBytes;
  private int version;

  /// Decides what changes of the fallback.
  private final RandomGenerator ofParts;

  private final Parts parts;
  private final FileSource.OnOversize onOversize;
  private @Nullable ShipperSettings fallback;
  private ShipperPolicy.CircuitBreaker circuitBreaker;

  /// Whether there is one now.
  private boolean detours;

  private BufferSettings.OnFull onFull;
  private boolean dropsRequests;

  /// @param two     whether there are two applications
  /// @param letters where what the second destination refuses is kept; null for nowhere
  Operator(
      RandomGenerator random,
      World.Mode mode,
      Path state,
      long memoryBytes,
      boolean two,
      Parts parts,
      RandomGenerator ofParts,
      FileSource.OnOversize onOversize,
      @Nullable Letters letters) {
    this.onOversize = onOversize;
    this.letters = letters;
    this.ofParts = ofParts;
    this.parts = parts;
    detours = parts.fallsBack();
    onFull = parts.drops() ? dropping() : BufferSettings.OnFull.BACKPRESSURE;
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
    fallback = parts.fallsBack() ? shipper(FALLBACK, FALLBACK, ofParts) : null;
    circuitBreaker = circuitBreaker();
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
                parts.drops() ? logBytes / 8 : logBytes,
                onFull)
            : new BufferSettings(
                BufferSettings.Type.MEMORY, state, 0, BufferSettings.OnFull.BACKPRESSURE),
        shippers(),
        policies(),
        new Configuration.Admin(new Configuration.Address("127.0.0.1", 0), null),
        new Configuration.Shutdown(Duration.ZERO, Duration.ZERO, null));
  }

  private List<ShipperSettings> shippers() {
    List<ShipperSettings> all = new ArrayList<>(shippers.values());
    ShipperSettings other = fallback;
    if (other != null && detours && shippers.containsKey(destinations.getLast())) {
      all.add(other);
    }
    return all;
  }

  private Map<String, ShipperPolicy> policies() {
    Map<String, ShipperPolicy> policies = new HashMap<>();
    ShipperSettings two = shippers.get(destinations.getLast());
    if (two != null && (letters != null || detours)) {
      policies.put(
          two.name(),
          new ShipperPolicy(
              letters != null && letters.buriesOversize(),
              letters == null ? null : letters.settings(),
              detours ? circuitBreaker : null,
              detours ? FALLBACK : null));
    }
    return policies;
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
    if (parts.fallsBack() && ofParts.nextInt(4) == 0) {
      what.append(changeFallback()).append(", ");
    }
    if (parts.drops() && ofParts.nextInt(4) == 0) {
      onFull = ofParts.nextInt(3) == 0 ? BufferSettings.OnFull.BACKPRESSURE : dropping();
      what.append(onFull).append(", ");
    }
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

  private BufferSettings.OnFull dropping() {
    if (ofParts.nextBoolean()) {
      dropsRequests = true;
      return BufferSettings.OnFull.DROP_OLDEST;
    }
    return BufferSettings.OnFull.DROP_NEWEST;
  }

  /// Whether what a client was told to be durable may be given up.
  boolean dropsRequests() {
    return dropsRequests;
  }

  private String changeFallback() {
    return switch (ofParts.nextInt(3)) {
      case 0 -> {
        detours = !detours;
        yield "a fallback: " + detours;
      }
      case 1 -> {
        fallback = shipper(FALLBACK, FALLBACK, ofParts);
        yield "settings of the fallback";
      }
      default -> {
        circuitBreaker = circuitBreaker();
        yield "circuit breaker";
      }
    };
  }

  private ShipperPolicy.CircuitBreaker circuitBreaker() {
    return new ShipperPolicy.CircuitBreaker(
        1 + ofParts.nextInt(3), Duration.ofMillis(50 + ofParts.nextInt(3_000)));
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

  /// Whether rotated files match, too.
  boolean isWide() {
    return wide;
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
        onOversize == FileSource.OnOversize.SPLIT ? 1 << 20 : Parts.MAX_RECORD,
        onOversize,
        parts.deletes() ? FileSource.AfterShipped.DELETE : FileSource.AfterShipped.KEEP);
  }

  private ShipperSettings shipper(String name, String destination) {
    return shipper(name, destination, random);
  }

  private ShipperSettings shipper(String name, String destination, RandomGenerator random) {
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

package dev.pannier.collector.config;

import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.config.Configuration.Admin;
import dev.pannier.collector.config.Configuration.Shutdown;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Signal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// Reads a configuration: a YAML file (YAML 1.2), or none, and the environment.
public final class ConfigurationLoader {
  private static final long MEMORY = 24 * Units.MIB;
  private static final long MIN_MEMORY = 4 * Units.MIB;
  private static final long MAX_MEMORY = 16 * Units.GIB;
  private static final long BUFFER = 512 * Units.MIB;
  private static final long MIN_BUFFER = 8 * Units.MIB;
  private static final long MAX_BUFFER = 1024 * Units.GIB;
  private static final Duration DEADLINE = Duration.ofSeconds(20);
  private static final Duration MIN_DEADLINE = Duration.ofSeconds(1);
  private static final Duration MAX_DEADLINE = Duration.ofHours(1);
  private static final Duration QUIET = Duration.ofSeconds(1);

  /// Where messages about YAML go on with what stands in the file: a password that is not quoted may begin with `*` or
  /// `!`. What the parser calls the parts of a file may stay.
  private static final Pattern CONTENT =
      Pattern.compile(
          "(undefined alias|tag handle|escape character|character found|version:|UTF-8:"
              + "|but found(?! '[^']*'$)).*",
          Pattern.DOTALL);

  private static final String ADMIN_LISTEN = "PANNIER_ADMIN_LISTEN";
  private static final String SHUTDOWN_DEADLINE = "PANNIER_SHUTDOWN_DEADLINE";
  private static final String SHUTDOWN_QUIET = "PANNIER_SHUTDOWN_QUIET";

  /// Variables that outrank what the file says under a key: they tell of the one Pod, where the file may be many Pods'.
  public static final Map<String, String> OUTRANKING =
      Map.of(
          ADMIN_LISTEN,
          "admin.listen",
          SHUTDOWN_DEADLINE,
          "shutdown.deadline",
          SHUTDOWN_QUIET,
          "shutdown.quiet");

  private static final Address ADMIN = new Address("127.0.0.1", 8686);
  private static final String TERMINATION_LOG = "PANNIER_TERMINATION_LOG";

  private final Map<String, String> environment;
  private final Problems problems;

  private ConfigurationLoader(Map<String, String> environment, Problems problems) {
    this.environment = environment;
    this.problems = problems;
  }

  /// Reads the whole configuration, with every default filled in.
  ///
  /// @param file        null for none: the defaults and the environment alone
  /// @param environment as `System.getenv()` gives it
  /// @return never with an exception: a file that cannot be read is a problem, too
  public static Loaded load(@Nullable Path file, Map<String, String> environment) {
    return load(file, file == null ? FileLook.NONE : FileLook.at(file), environment);
  }

  /// @param look at `file`, which is not read here
  static Loaded load(@Nullable Path file, FileLook look, Map<String, String> environment) {
    Problems problems = new Problems(file == null ? "defaults" : file.toString());
    try {
      return new ConfigurationLoader(environment, problems).read(file != null, look);
    } catch (StackOverflowError e) {
      // An expression or a pattern.
      problems.add(0, "file", "something in it is nested too deep");
      return new Loaded.Invalid(problems.inOrder());
    }
  }

  private Loaded read(boolean hasFile, FileLook look) {
    Placeholders placeholders = new Placeholders(environment);
    Node document = hasFile ? document(look) : null;
    Section root;
    if (document instanceof MappingNode mapping) {
      root = Section.of(problems, placeholders, "", 1, mapping);
    } else {
      root = Section.empty(problems, placeholders, "", 1);
      if (document != null
          && !new Value(problems, placeholders, "", 1, document, false).isEmpty()) {
        problems.add(Value.lineOf(document, 1), "yaml", "the file has no keys");
      }
    }
    Map<String, ParserSpec> parsers = ParsersReader.read(root.section("parsers"));
    Configuration configuration = configuration(root, parsers);
    return problems.any()
        ? new Loaded.Invalid(problems.inOrder())
        : new Loaded.Valid(configuration, problems.warnings(), parsers);
  }

  /// A source of files with this parser, and the defaults in all else.
  ///
  /// @param environment for `TZ`; where that is no time zone, it is UTC
  public static FileSource defaultSource(ParserSpec parser, Map<String, String> environment) {
    Problems problems = new Problems("defaults");
    Section none = Section.empty(problems, new Placeholders(environment), "", 1);
    return new FilesReader(Map.of(), MEMORY / 8, environment, problems)
        .read(none)
        .getFirst()
        .withParser(parser);
  }

  private @Nullable Node document(FileLook look) {
    if (!look.problem().isEmpty()) {
      problems.add(0, "file", look.problem());
      return null;
    }
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(look.bytes())).toString();
      LoadSettings settings =
          LoadSettings.builder()
              .setAllowNonScalarKeys(true)
              // All at once: between two of its buffers it takes a character of two chars for none.
              .setBufferSize(text.length() + 1)
              .build();
      StreamReader reader =
          new StreamReader(settings, text.startsWith("\uFEFF") ? text.substring(1) : text);
      BoundedParser parser = new BoundedParser(new ParserImpl(settings, reader));
      Composer composer = new Composer(settings, parser);
      Node node = composer.hasNext() ? composer.next() : null;
      if (composer.hasNext()) {
        int line = parser.peekEvent().getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
        problems.add(
            line,
            "yaml",
            "a second document begins, and a configuration is one: leave out the ---");
      }
      return node;
    } catch (CharacterCodingException e) {
      problems.add(0, "file", "is not UTF-8");
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().or(e::getContextMark).map(mark -> mark.getLine() + 1).orElse(0);
      problems.add(line, "yaml", withoutContent(Objects.requireNonNullElse(e.getProblem(), "")));
    } catch (YamlEngineException e) {
      problems.add(0, "yaml", withoutContent(Objects.requireNonNullElse(e.getMessage(), "")));
    }
    return null;
  }

  static boolean hasKeys(FileLook look) {
    return new ConfigurationLoader(Map.of(), new Problems("")).document(look)
            instanceof MappingNode document
        && !document.getValue().isEmpty();
  }

  /// @return 0 where the file does not have the key
  static int line(FileLook look, String path) {
    Node node = new ConfigurationLoader(Map.of(), new Problems("")).document(look);
    int line = 0;
    for (String key : path.split("\\.", -1)) {
      NodeTuple entry =
          !(node instanceof MappingNode mapping)
              ? null
              : mapping.getValue().stream()
                  .filter(
                      tuple ->
                          tuple.getKeyNode() instanceof ScalarNode scalar
                              && scalar.getValue().equals(key))
                  .findFirst()
                  .orElse(null);
      if (entry == null) {
        return 0;
      }
      line = Value.lineOf(entry.getKeyNode(), 0);
      node = entry.getValueNode();
    }
    return line;
  }

  private static String withoutContent(String message) {
    return Problems.shown(CONTENT.matcher(message).replaceFirst("$1 ****"));
  }

  private Configuration configuration(Section root, Map<String, ParserSpec> parsers) {
    Configuration.Resource resource =
        ResourceReader.read(root.section("resource"), environment, problems);
    long memory = root.size("memory", MIN_MEMORY, MAX_MEMORY, MEMORY);
    Path stateDirectory = stateDirectory(root.section("state"));
    long quarter = Math.min(memory / 4, Integer.MAX_VALUE / 2);
    AddressReader addresses = new AddressReader();
    Section sources = root.section("sources");
    Section bufferSection = root.section("buffer");
    BufferSettings buffer = buffer(bufferSection, stateDirectory);
    long maxRecord = Math.min(quarter / 2, buffer.largestBatch());
    FilesReader filesReader = new FilesReader(parsers, maxRecord, environment, problems);
    List<FileSource> files = filesReader.read(sources);
    checkDeletes(files, buffer, bufferSection.value("on_full"));
    OtlpSource otlp = OtlpReader.read(sources, addresses, memory, quarter, buffer);
    sources.finish();
    List<ProcessorSettings> processors = ProcessorsReader.read(root.value("processors"));
    LoopGuard loops = new LoopGuard(otlp);
    Value shippersValue = root.value("shippers");
    PolicyReader policies = new PolicyReader();
    List<ShipperSettings> shippers =
        shippersValue == null
            ? new EnvironmentShippers(environment, problems).read(loops)
            : ShippersReader.read(shippersValue, loops, policies);
    Admin admin = admin(root.section("admin"), addresses);
    Shutdown shutdown = shutdown(root.section("shutdown"));
    root.finish();
    Configuration configuration =
        new Configuration(
            resource,
            memory,
            stateDirectory,
            files,
            otlp,
            processors,
            buffer,
            shippers,
            policies.finish(shippers),
            admin,
            shutdown);
    checkLogsAreShipped(configuration, filesReader.delete());
    return configuration;
  }

  /// Every shipper has confirmed what none is to get.
  ///
  /// @param delete where a source is told to delete files; null where none is
  private void checkLogsAreShipped(Configuration configuration, @Nullable Value delete) {
    // Where anything is wrong a shipper may be missing here.
    if (delete != null && !problems.any() && configuration.takers(Signal.LOGS).isEmpty()) {
      delete.problem("no shipper takes logs but as a fallback: what is deleted would be nowhere");
    }
  }

  /// After a restart nobody knows of which file something was dropped.
  private static void checkDeletes(
      List<FileSource> files, BufferSettings buffer, @Nullable Value onFull) {
    if (buffer.type() != BufferSettings.Type.DISK || onFull == null) {
      return;
    }
    for (FileSource file : files) {
      if (buffer.onFull() != BufferSettings.OnFull.BACKPRESSURE && file.deletes()) {
        onFull.problem(
            "cannot be with after_shipped: delete, as source "
                + file.name()
                + " has it: what is dropped would be in no file either");
        return;
      }
    }
  }

  private Path stateDirectory(Section section) {
    Value value = section.value("directory");
    Path directory = value == null ? null : value.absolutePath();
    section.finish();
    return directory == null ? StateDirectory.byDefault(environment) : directory;
  }

  private static BufferSettings buffer(Section section, Path stateDirectory) {
    Map<String, BufferSettings.Type> types = new LinkedHashMap<>();
    types.put("memory", BufferSettings.Type.MEMORY);
    types.put("disk", BufferSettings.Type.DISK);
    Map<String, BufferSettings.OnFull> onFulls = new LinkedHashMap<>();
    onFulls.put("backpressure", BufferSettings.OnFull.BACKPRESSURE);
    onFulls.put("drop_oldest", BufferSettings.OnFull.DROP_OLDEST);
    onFulls.put("drop_newest", BufferSettings.OnFull.DROP_NEWEST);
    Value typeValue = section.value("type");
    BufferSettings.Type type = section.choice("type", types, BufferSettings.Type.MEMORY);
    boolean isTypeKnown = typeValue == null || types.containsKey(typeValue.text(""));
    Value directoryValue = section.value("directory");
    Path directory = directoryValue == null ? null : directoryValue.absolutePath();
    long maxBytes = section.size("max_bytes", MIN_BUFFER, MAX_BUFFER, BUFFER);
    BufferSettings.OnFull onFull =
        section.choice("on_full", onFulls, BufferSettings.OnFull.BACKPRESSURE);
    if (type == BufferSettings.Type.MEMORY && isTypeKnown) {
      for (String key : List.of("directory", "max_bytes", "on_full")) {
        Value written = section.value(key);
        if (written != null) {
          written.problemShown("is of the disk buffer, and buffer.type is memory");
        }
      }
    }
    section.finish();
    return new BufferSettings(
        type,
        directory == null ? BufferSettings.defaultDirectory(stateDirectory) : directory,
        maxBytes,
        onFull);
  }

  /// Where the admin port listens before there is a configuration.
  public static Address adminListen(Map<String, String> environment) {
    Address address =
        new ConfigurationLoader(environment, new Problems("defaults")).adminOfEnvironment();
    return address == null ? ADMIN : address;
  }

  private Admin admin(Section section, AddressReader addresses) {
    Address ofPod = adminOfEnvironment();
    Address listen;
    if (ofPod == null) {
      listen = addresses.read(section, "listen", ADMIN, false);
    } else {
      listen = ofPod;
      Value written = section.value("listen");
      // Nobody listens on what the file says, so it may be another's.
      Address own = new AddressReader().read(section, "listen", ofPod, false);
      if (written != null && !ofPod.equals(own)) {
        written.outranked(ADMIN_LISTEN, environment.getOrDefault(ADMIN_LISTEN, ""));
      }
      String other = addresses.whoHas(ofPod);
      if (other != null) {
        problems.inEnvironment(ADMIN_LISTEN, "the same address as " + other);
      }
    }
    Value tokenValue = section.value("token");
    String token = tokenValue == null ? null : tokenValue.secret().text();
    if (tokenValue != null && token != null && token.isEmpty()) {
      tokenValue.problem("is empty");
    }
    section.finish();
    return new Admin(listen == null ? ADMIN : listen, token);
  }

  private @Nullable Address adminOfEnvironment() {
    String text = environment.getOrDefault(ADMIN_LISTEN, "").strip();
    Address address = text.isEmpty() ? null : AddressReader.parse(text);
    if (!text.isEmpty() && address == null) {
      problems.inEnvironment(
          ADMIN_LISTEN, AddressReader.NO_ADDRESS + " (" + Problems.shown(text) + ")");
    }
    return address;
  }

  private Shutdown shutdown(Section section) {
    Duration deadlineOfPod = ofEnvironment(SHUTDOWN_DEADLINE, "deadline", MIN_DEADLINE);
    Duration quietOfPod = ofEnvironment(SHUTDOWN_QUIET, "quiet", Duration.ZERO);
    Duration ownDeadline = section.duration("deadline", MIN_DEADLINE, MAX_DEADLINE, DEADLINE);
    Duration ownQuiet = section.duration("quiet", Duration.ZERO, MAX_DEADLINE, QUIET);
    Value deadlineValue = section.value("deadline");
    Value quietValue = section.value("quiet");
    Value written = quietValue == null ? deadlineValue : quietValue;
    boolean isFilesAlone = deadlineOfPod == null && quietOfPod == null;
    if (isFilesAlone && written != null && ownQuiet.compareTo(ownDeadline) > 0) {
      written.problemShown(
          "quiet > deadline (" + Units.write(ownQuiet) + " > " + Units.write(ownDeadline) + ")");
    }
    Duration deadline = outranked(deadlineValue, ownDeadline, SHUTDOWN_DEADLINE, deadlineOfPod);
    Duration quiet = outranked(quietValue, ownQuiet, SHUTDOWN_QUIET, quietOfPod);
    Value log = section.value("termination_log");
    Path terminationLog = log == null ? terminationLogOfEnvironment() : log.absolutePath();
    section.finish();
    // A Pod that has less time than the file's others waits no longer than that.
    return new Shutdown(deadline, quiet.compareTo(deadline) > 0 ? deadline : quiet, terminationLog);
  }

  private static Duration outranked(
      @Nullable Value written, Duration own, String variable, @Nullable Duration ofPod) {
    if (ofPod == null) {
      return own;
    }
    if (written != null && !ofPod.equals(own)) {
      written.outranked(variable, Units.write(ofPod));
    }
    return ofPod;
  }

  private @Nullable Duration ofEnvironment(String variable, String what, Duration min) {
    String text = environment.getOrDefault(variable, "").strip();
    if (text.isEmpty()) {
      return null;
    }
    Duration duration = Units.duration(text);
    String problem = "";
    if (duration == null) {
      problem = Value.NO_DURATION;
    } else if (duration.compareTo(min) < 0) {
      problem = what + " < " + Units.write(min);
    } else if (duration.compareTo(MAX_DEADLINE) > 0) {
      problem = what + " > " + Units.write(MAX_DEADLINE);
    }
    if (problem.isEmpty()) {
      return duration;
    }
    problems.inEnvironment(variable, problem + " (" + Problems.shown(text) + ")");
    return null;
  }

  private @Nullable Path terminationLogOfEnvironment() {
    String path = environment.getOrDefault(TERMINATION_LOG, "").strip();
    if (path.isEmpty()) {
      return null;
    }
    if (path.startsWith("/") && path.indexOf('\0') < 0) {
      return Path.of(path);
    }
    problems.inEnvironment(TERMINATION_LOG, "not an absolute path (" + Problems.shown(path) + ")");
    return null;
  }
}

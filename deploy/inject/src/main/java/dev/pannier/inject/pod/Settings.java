package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What holds for one Pod: its annotations, and what they do not say, by default.
///
/// @param inject          null where nothing is said
/// @param imagePullPolicy empty where nothing is said
/// @param imagePullSecret the same
/// @param containers      empty for all
/// @param logDirs         absolute, without a slash at the end; empty for none
/// @param parser          empty where nothing is said, as the following
/// @param config          the ConfigMap's name and key
/// @param memoryMib       0 where nothing is said
/// @param quantities      those that are said
record Settings(
    @Nullable Boolean inject,
    Mode mode,
    String image,
    String imagePullPolicy,
    String imagePullSecret,
    List<String> containers,
    List<String> logDirs,
    boolean deleteShipped,
    String parser,
    @Nullable ConfigKey config,
    String secret,
    String kafka,
    String otlp,
    String serviceName,
    int memoryMib,
    Map<Setting, Quantity> quantities,
    List<String> jvmOptions) {
  static final String LOG_DIR = "/var/log/app";

  private static final int MIN_MEMORY_MIB = 4;
  private static final int MAX_MEMORY_MIB = 16_384;
  private static final String NAME = "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?";
  private static final Pattern OBJECT = Pattern.compile(NAME);
  private static final Pattern OBJECT_KEY = Pattern.compile(NAME + "(/[A-Za-z0-9._-]{1,253})?");
  private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/:@-]*");
  private static final Pattern PULL_POLICY = Pattern.compile("Always|IfNotPresent|Never");

  /// Those that the sidecar has without a configuration of one's own, which the chart's schema names, too.
  private static final List<String> PARSERS = List.of("auto", "raw", "json", "logstash");

  /// Up to 65535.
  private static final String PORT =
      "([0-9]{1,4}|[0-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

  /// To a variable of the sidecar's, which the kubelet puts in: the node's name, for instance.
  private static final String REFERENCE = "\\$\\([A-Za-z_][A-Za-z0-9_.-]*\\)";

  private static final String SERVER =
      "(\\[[0-9A-Fa-f:.]+\\]|([A-Za-z0-9._-]|" + REFERENCE + ")+):" + PORT;
  private static final Pattern SERVERS = Pattern.compile(SERVER + "(\\s*,\\s*" + SERVER + ")*");
  private static final String LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
  private static final String LAST_LABEL = "[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?";
  private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

  /// What `java.net.URI` takes for a host, by which the sidecar reads it: an underscore is in none.
  private static final String HOST =
      "("
          + LABEL
          + "\\.?|("
          + LABEL
          + "\\.)+"
          + LAST_LABEL
          + "\\.?|"
          + BYTE
          + "(\\."
          + BYTE
          + "){3}|\\[[0-9A-Fa-f:.]+\\]|([A-Za-z0-9.-]*"
          + REFERENCE
          + ")+[A-Za-z0-9.-]*)";

  private static final Pattern ENDPOINT =
      Pattern.compile(
          "https?://"
              + HOST
              + "(:"
              + PORT
              + ")?(/([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?");

  /// Where the sidecar itself listens, unless a configuration says otherwise.
  private static final Pattern ITSELF =
      Pattern.compile(
          "(?i)https?://(localhost|127\\.[0-9.]+|0\\.0\\.0\\.0|\\[::1?\\]):431[78](/.*)?");

  /// A mount path may have no colon; the others would be a glob's.
  private static final Pattern FOLDER = Pattern.compile("(/[^/:*?\\[\\]{}\\\\$\\p{Cntrl}]+)+/?");

  /// Before an `@`.
  private static final Set<Setting> MAY_HAVE_PASSWORD = Set.of(Setting.KAFKA, Setting.OTLP);

  private static final Quantity MIN_CPU = Quantity.milliCpu(1);

  /// Which container the sidecar is.
  enum Mode {
    /// Nothing is said: native, where nothing stands against it.
    UNSAID,
    NATIVE,
    ORDINARY
  }

  /// @return null where nothing is said
  @Nullable Quantity quantity(Setting setting) {
    return quantities.get(setting);
  }

  /// @param key the file's name in the ConfigMap
  record ConfigKey(String name, String key) {}

  private record Reader(
      Part metadata, Map<Setting, String> defaults, Collection<Problem> problems) {
    Part own(Setting setting) {
      Part annotation = metadata.at("annotations", setting.annotation());
      // An admission webhook chooses by labels alone, so this one may be a label, too.
      return annotation.isThere() || setting != Setting.INJECT
          ? annotation
          : metadata.at("labels", setting.annotation());
    }

    /// A default that an annotation contradicts does not count. Two annotations that contradict each other are a problem, and so are two
    /// defaults.
    Reader withoutDefaultsThatGiveWay() {
      boolean isConfigOwn = own(Setting.CONFIG).isThere();
      if (text(Setting.CONFIG).isEmpty()
          || text(Setting.PARSER).isEmpty()
          || isConfigOwn == own(Setting.PARSER).isThere()) {
        return this;
      }
      Map<Setting, String> left = new EnumMap<>(defaults);
      left.remove(isConfigOwn ? Setting.PARSER : Setting.CONFIG);
      // Of several folders only that configuration knew.
      if (!isConfigOwn && left.getOrDefault(Setting.LOG_DIR, "").contains(",")) {
        left.remove(Setting.LOG_DIR);
      }
      return new Reader(metadata, left, problems);
    }

    String text(Setting setting) {
      Part own = own(setting);
      return own.isThere() ? own.text().strip() : defaults.getOrDefault(setting, "");
    }

    void problem(Setting setting, String what) {
      Part own = own(setting);
      if (text(setting).contains("@") && MAY_HAVE_PASSWORD.contains(setting)) {
        problems.add(new Problem(where(setting), what + " (****)"));
      } else if (own.isThere()) {
        own.problem(what);
      } else {
        String value = " (" + Part.shown(defaults.get(setting)) + ")";
        problems.add(new Problem(where(setting), what + value));
      }
    }

    private List<String> where(Setting setting) {
      Part own = own(setting);
      return own.isThere() ? own.path() : List.of("default of " + setting.key());
    }

    @Nullable Boolean truth(Setting setting) {
      return switch (text(setting)) {
        case "true" -> true;
        case "false" -> false;
        case "" -> null;
        default -> {
          problem(setting, "is neither \"true\" nor \"false\"");
          yield null;
        }
      };
    }

    String matching(Setting setting, Pattern pattern, String what) {
      String text = text(setting);
      if (!text.isEmpty() && !pattern.matcher(text).matches()) {
        problem(setting, what);
        return "";
      }
      return text;
    }

    /// Each once.
    List<String> list(Setting setting) {
      return Stream.of(text(setting).split(",", -1))
          .map(String::strip)
          .filter(element -> !element.isEmpty())
          .distinct()
          .toList();
    }
  }

  /// @param metadata a Pod's, there or not
  static Settings read(Part metadata, Map<Setting, String> defaults, Collection<Problem> problems) {
    Part annotations = metadata.at("annotations");
    for (Object annotation : annotations.map().keySet()) {
      String name = annotation.toString();
      if (name.startsWith(Setting.PREFIX)
          && !name.equals(Trace.ANNOTATION)
          && Setting.of(name.substring(Setting.PREFIX.length())) == null) {
        annotations.at(name).problem("unknown, known are " + String.join(", ", Setting.keys()));
      }
    }
    Reader reader = new Reader(metadata, defaults, problems).withoutDefaultsThatGiveWay();
    String config =
        reader.matching(Setting.CONFIG, OBJECT_KEY, "is no ConfigMap's NAME, nor NAME/KEY");
    if (!config.isEmpty() && !reader.text(Setting.PARSER).isEmpty()) {
      reader.problem(Setting.PARSER, "is decided by the configuration that config names");
    }
    return new Settings(
        reader.truth(Setting.INJECT),
        mode(reader),
        reader.matching(Setting.IMAGE, IMAGE, "is no image's name"),
        reader.matching(
            Setting.IMAGE_PULL_POLICY, PULL_POLICY, "is neither Always nor IfNotPresent nor Never"),
        reader.matching(Setting.IMAGE_PULL_SECRET, OBJECT, "is no Secret's name"),
        reader.list(Setting.CONTAINERS),
        logDirs(reader, !config.isEmpty()),
        Boolean.TRUE.equals(reader.truth(Setting.DELETE_SHIPPED)),
        parser(reader),
        configKey(config),
        reader.matching(Setting.SECRET, OBJECT, "is no Secret's name"),
        reader.matching(Setting.KAFKA, SERVERS, "is no host:port, nor several between commas"),
        otlp(reader, !config.isEmpty()),
        reader.text(Setting.SERVICE_NAME),
        memory(reader),
        quantities(reader),
        jvmOptions(reader));
  }

  private static Mode mode(Reader reader) {
    return switch (reader.text(Setting.MODE)) {
      case "" -> Mode.UNSAID;
      case "native" -> Mode.NATIVE;
      case "ordinary" -> Mode.ORDINARY;
      default -> {
        reader.problem(Setting.MODE, "is neither native nor ordinary");
        yield Mode.UNSAID;
      }
    };
  }

  private static List<String> logDirs(Reader reader, boolean hasConfig) {
    List<String> dirs = new ArrayList<>();
    if (reader.text(Setting.LOG_DIR).equals("none")) {
      return List.of();
    }
    for (String dir : reader.list(Setting.LOG_DIR)) {
      if (!FOLDER.matcher(dir).matches() || (dir + "/").contains("/../")) {
        reader.problem(Setting.LOG_DIR, "is no absolute folder, without :, .. and *, nor none");
        return List.of();
      }
      String clean = dir.endsWith("/") ? dir.substring(0, dir.length() - 1) : dir;
      if (!dirs.contains(clean)) {
        dirs.add(clean);
      }
    }
    if (dirs.size() > 1 && !hasConfig) {
      reader.problem(Setting.LOG_DIR, "has several folders, which only a config can tell apart");
    }
    return dirs.isEmpty() ? List.of(LOG_DIR) : List.copyOf(dirs);
  }

  /// What the sidecar would refuse, it would refuse in each Pod at its start.
  private static String parser(Reader reader) {
    String parser = reader.text(Setting.PARSER);
    if (!parser.isEmpty() && !PARSERS.contains(parser)) {
      reader.problem(
          Setting.PARSER,
          "is none of "
              + String.join(", ", PARSERS)
              + "; a parser of your own is in the configuration that config names");
    }
    return parser;
  }

  private static String otlp(Reader reader, boolean hasConfig) {
    String endpoint = reader.text(Setting.OTLP);
    if (endpoint.isEmpty()) {
      return endpoint;
    }
    if (endpoint.matches("https?://[^/]*@.*")) {
      reader.problem(
          Setting.OTLP,
          "has a user, which the sidecar does not take: a shipper of the configuration that config"
              + " names has headers");
    } else if (endpoint.matches("https?://[^?#]*[?#].*")) {
      reader.problem(Setting.OTLP, "has a query or fragment, which the sidecar does not take");
    } else if (!ENDPOINT.matcher(endpoint).matches()) {
      reader.problem(Setting.OTLP, "is no endpoint: http://host:port or https://host:port");
    } else if (!hasConfig && ITSELF.matcher(endpoint).matches()) {
      reader.problem(
          Setting.OTLP, "is where the sidecar itself listens: what it ships would come back");
    }
    return endpoint;
  }

  private static @Nullable ConfigKey configKey(String config) {
    if (config.isEmpty()) {
      return null;
    }
    int slash = config.indexOf('/');
    return slash < 0
        ? new ConfigKey(config, "pannier.yaml")
        : new ConfigKey(config.substring(0, slash), config.substring(slash + 1));
  }

  private static int memory(Reader reader) {
    String text = reader.text(Setting.MEMORY);
    if (text.isEmpty()) {
      return 0;
    }
    if (!text.matches("[1-9][0-9]{0,6}MiB")) {
      reader.problem(Setting.MEMORY, "is no whole number of MiB, such as 24MiB");
      return 0;
    }
    int mib = Integer.parseInt(text.substring(0, text.length() - "MiB".length()));
    if (mib < MIN_MEMORY_MIB || mib > MAX_MEMORY_MIB) {
      reader.problem(
          Setting.MEMORY,
          mib < MIN_MEMORY_MIB ? "< " + MIN_MEMORY_MIB + "MiB" : "> " + MAX_MEMORY_MIB + "MiB");
      return 0;
    }
    return mib;
  }

  private static Map<Setting, Quantity> quantities(Reader reader) {
    Map<Setting, Quantity> quantities = new EnumMap<>(Setting.class);
    for (Setting setting : List.of(Setting.CPU_REQUEST, Setting.CPU_LIMIT)) {
      quantity(reader, setting, "250m or 0.5", MIN_CPU, quantities);
    }
    int memory = memory(reader);
    Quantity heap =
        Quantity.mebibytes(
            (memory == 0 ? SidecarResources.MEMORY_MIB : memory) + SidecarResources.HEAP_MIB);
    for (Setting setting : List.of(Setting.MEMORY_REQUEST, Setting.MEMORY_LIMIT)) {
      boolean isLimit = setting == Setting.MEMORY_LIMIT;
      quantity(reader, setting, "64Mi", isLimit ? heap : Quantity.mebibytes(1), quantities);
    }
    ordered(reader, Setting.CPU_REQUEST, Setting.CPU_LIMIT, quantities);
    ordered(reader, Setting.MEMORY_REQUEST, Setting.MEMORY_LIMIT, quantities);
    return quantities;
  }

  private static void quantity(
      Reader reader,
      Setting setting,
      String suchAs,
      Quantity min,
      Map<Setting, Quantity> quantities) {
    String text = reader.text(setting);
    if (text.isEmpty()) {
      return;
    }
    Quantity quantity = Quantity.parse(text);
    if (quantity == null) {
      reader.problem(setting, "is no quantity, such as " + suchAs);
    } else if (min.isAbove(quantity)) {
      boolean isHeap = setting == Setting.MEMORY_LIMIT;
      reader.problem(setting, "< " + min.text() + (isHeap ? ", the heap alone" : ""));
    } else {
      quantities.put(setting, quantity);
    }
  }

  private static void ordered(
      Reader reader, Setting request, Setting limit, Map<Setting, Quantity> quantities) {
    Quantity requested = quantities.get(request);
    Quantity limited = quantities.get(limit);
    if (requested != null && limited != null && requested.isAbove(limited)) {
      reader.problem(request, "> " + limit.key() + ", which is " + limited.text());
    }
  }

  private static List<String> jvmOptions(Reader reader) {
    String text = reader.text(Setting.JVM_OPTIONS);
    List<String> options = text.isEmpty() ? List.of() : List.of(text.split("\\s+", -1));
    for (String option : options) {
      if (!option.startsWith("-") && !option.startsWith("@")) {
        reader.problem(Setting.JVM_OPTIONS, "an option begins with - or @");
        return List.of();
      }
    }
    return options;
  }
}

package dev.pannier.collector.config;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.Template;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.file.OutputFiles;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads `shippers`: a mapping from names to destinations. Without it the environment decides.
final class ShippersReader {
  static final Map<String, Signal> SIGNALS = Names.choices(Signal.values(), Signal::label);
  static final Map<String, FieldNames> FIELD_NAMES =
      Names.choices(FieldNames.values(), value -> value.name().toLowerCase(Locale.ROOT));
  private static final Map<String, Encoding> LINE_ENCODINGS = lineEncodings();
  private static final Map<String, String> TYPES =
      Names.choices(new String[] {"kafka", "otlp", "file", "stdout"}, type -> type);

  private ShippersReader() {}

  private static Map<String, Encoding> lineEncodings() {
    Map<String, Encoding> encodings = new LinkedHashMap<>();
    encodings.put("otlp_json", Encoding.OTLP_JSON);
    encodings.put("json", Encoding.JSON);
    encodings.put("raw", Encoding.RAW);
    return encodings;
  }

  /// @param policies are read beside the shippers
  static List<ShipperSettings> read(Value value, LoopGuard loops, PolicyReader policies) {
    List<ShipperSettings> shippers = new ArrayList<>();
    if (!value.isSection()) {
      value.section();
      if (value.isEmpty()) {
        value.problem("names no shipper; leave the key out to ship as the environment says");
      }
      return shippers;
    }
    Section section = value.section();
    WrittenFiles files = new WrittenFiles();
    for (Map.Entry<String, Value> entry : section.all().entrySet()) {
      if (!Names.valid(entry.getKey())) {
        entry
            .getValue()
            .problemShown("a shipper's name is made of letters, digits, '.', '_' and '-'");
      }
      ShipperSettings shipper =
          shipper(entry.getKey(), entry.getValue().section(), loops, policies, files);
      if (shipper != null) {
        shippers.add(shipper);
      }
    }
    if (section.size() == 0) {
      value.problem("names no shipper; leave the key out to ship as the environment says");
    }
    return List.copyOf(shippers);
  }

  private static @Nullable ShipperSettings shipper(
      String name, Section section, LoopGuard loops, PolicyReader policies, WrittenFiles files) {
    Value type = section.required("type");
    String kind = type == null ? "" : type.choice(TYPES, "");
    ShipperSettings shipper =
        switch (kind) {
          case "kafka" -> KafkaReader.read(name, section);
          case "otlp" -> OtlpShipperReader.read(name, section, loops);
          case "file" -> file(name, section, files);
          case "stdout" -> stdout(name, section);
          default -> {
            // Its keys cannot be judged.
            section.all();
            yield null;
          }
        };
    ShipperSettings.Transactions transactions =
        shipper instanceof ShipperSettings.Kafka kafka ? kafka.transactions() : null;
    policies.read(
        name, kind, transactions == null ? null : transactions.positionsTopic(), section, files);
    section.finish();
    return shipper;
  }

  private static ShipperSettings file(String name, Section section, WrittenFiles files) {
    Value path = section.required("path");
    String text = path == null ? null : path.template();
    if (path != null && text != null && !text.startsWith("/")) {
      path.problem("not an absolute path");
    }
    String wrong = text == null ? null : Template.problem(text);
    if (path != null && wrong != null) {
      path.problem(wrong);
    }
    Set<Signal> signals = signals(section);
    ShipperSettings.File file =
        new ShipperSettings.File(
            name,
            text == null ? "/" : text,
            lineEncoding(section, signals),
            section.choice("names", FIELD_NAMES, FieldNames.LOGSTASH),
            section.size("max_bytes", Units.MIB, 1024 * Units.GIB, Units.GIB),
            signals);
    if (path != null && text != null && text.startsWith("/") && wrong == null) {
      try {
        files.add(path, OutputFiles.of(file));
      } catch (InvalidPathException e) {
        path.problem("no path");
      }
    }
    return file;
  }

  private static ShipperSettings stdout(String name, Section section) {
    Set<Signal> signals = signals(section);
    return new ShipperSettings.Stdout(
        name,
        lineEncoding(section, signals),
        section.choice("names", FIELD_NAMES, FieldNames.LOGSTASH),
        signals);
  }

  private static Encoding lineEncoding(Section section, Set<Signal> signals) {
    Encoding encoding = section.choice("format", LINE_ENCODINGS, Encoding.OTLP_JSON);
    Value written = section.value("format");
    if (written != null && encoding == Encoding.RAW && !signals.equals(Set.of(Signal.LOGS))) {
      written.problem("raw is for logs only: add signals: [logs]");
    }
    return encoding;
  }

  /// `signals`, all where it is not there.
  static Set<Signal> signals(Section section) {
    Value value = section.value("signals");
    EnumSet<Signal> signals = EnumSet.noneOf(Signal.class);
    if (value != null) {
      for (Value element : value.list()) {
        signals.add(element.choice(SIGNALS, Signal.LOGS));
      }
      if (signals.isEmpty() && value.isList()) {
        value.problem("names no signal");
      }
    }
    return Collections.unmodifiableSet(signals.isEmpty() ? EnumSet.allOf(Signal.class) : signals);
  }
}

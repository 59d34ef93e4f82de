package dev.pannier.collector.admin;

/// Writes Prometheus' text format 0.0.4, family by family. Names are OpenTelemetry's, mapped as its
/// specification says ("Prometheus and OpenMetrics Compatibility"): dots become underscores, the
/// unit follows where the name does not hold it already, and a counter ends in `_total`.
final class Exposition {
  private final StringBuilder out = new StringBuilder(4096);
  private String name = "";

  /// Begins a counter.
  ///
  /// @param metric OpenTelemetry's name
  /// @param unit   in UCUM
  void counter(String metric, String unit, String help) {
    begin(base(metric, unit) + "_total", "counter", help);
  }

  void gauge(String metric, String unit, String help) {
    begin(base(metric, unit), "gauge", help);
  }

  /// @param labels name, value, name, value; those with an empty value are left out
  void sample(long value, String... labels) {
    sample(Long.toString(value), labels);
  }

  void sample(double value, String... labels) {
    sample(Double.toString(value), labels);
  }

  private void sample(String value, String[] labels) {
    out.append(name);
    char before = '{';
    for (int i = 0; i < labels.length; i += 2) {
      if (!labels[i + 1].isEmpty()) {
        String text = escaped(labels[i + 1]);
        out.append(before).append(labels[i]).append("=\"").append(text).append('"');
        before = ',';
      }
    }
    if (before == ',') {
      out.append('}');
    }
    out.append(' ').append(value).append('\n');
  }

  @Override
  public String toString() {
    return out.toString();
  }

  private void begin(String family, String type, String help) {
    name = family;
    out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private static String base(String metric, String unit) {
    String base = metric.replace('.', '_');
    String suffix =
        switch (unit) {
          case "By" -> "bytes";
          case "s" -> "seconds";
          // `{record}` is an annotation, not a unit.
          default -> "";
        };
    return suffix.isEmpty() || base.contains(suffix) ? base : base + "_" + suffix;
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}

package dev.pannier.inject.pod;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// An amount as Kubernetes writes it: `250m`, `0.5`, `64Mi`, `1e3`.
///
/// @param text  as it was written
/// @param value what it is, exactly
record Quantity(String text, BigDecimal value) implements Comparable<Quantity> {
  private static final Pattern SYNTAX =
      Pattern.compile(
          "\\+?([0-9]+\\.?[0-9]*|\\.[0-9]+)(?:([eE][+-]?[0-9]{1,2})|([KMGTPE]i|[numkMGTPE])?)");

  private static final BigDecimal KIBI = new BigDecimal(1024);
  private static final Map<String, BigDecimal> UNITS =
      Map.ofEntries(
          Map.entry("n", new BigDecimal("1e-9")),
          Map.entry("u", new BigDecimal("1e-6")),
          Map.entry("m", new BigDecimal("1e-3")),
          Map.entry("k", new BigDecimal("1e3")),
          Map.entry("M", new BigDecimal("1e6")),
          Map.entry("G", new BigDecimal("1e9")),
          Map.entry("T", new BigDecimal("1e12")),
          Map.entry("P", new BigDecimal("1e15")),
          Map.entry("E", new BigDecimal("1e18")),
          Map.entry("Ki", KIBI),
          Map.entry("Mi", KIBI.pow(2)),
          Map.entry("Gi", KIBI.pow(3)),
          Map.entry("Ti", KIBI.pow(4)),
          Map.entry("Pi", KIBI.pow(5)),
          Map.entry("Ei", KIBI.pow(6)));

  /// No quantity is longer, whatever a number looks like.
  private static final int MAX_LENGTH = 40;

  /// @return null where it is none
  static @Nullable Quantity parse(String text) {
    Matcher matcher = SYNTAX.matcher(text);
    if (text.length() > MAX_LENGTH || !matcher.matches()) {
      return null;
    }
    String exponent = matcher.group(2) == null ? "" : matcher.group(2);
    BigDecimal number = new BigDecimal(matcher.group(1) + exponent);
    BigDecimal unit = UNITS.getOrDefault(String.valueOf(matcher.group(3)), BigDecimal.ONE);
    return new Quantity(text, number.multiply(unit));
  }

  static Quantity milliCpu(long milli) {
    return new Quantity(milli + "m", BigDecimal.valueOf(milli, 3));
  }

  static Quantity mebibytes(long mib) {
    return new Quantity(mib + "Mi", BigDecimal.valueOf(mib).multiply(KIBI.pow(2)));
  }

  /// At least this much of a resource, in units that people read.
  static Quantity rounded(String resource, BigDecimal amount) {
    return resource.equals("cpu")
        ? milliCpu(amount.movePointRight(3).setScale(0, RoundingMode.CEILING).longValue())
        : mebibytes(amount.divide(KIBI.pow(2), 0, RoundingMode.CEILING).longValue());
  }

  boolean isAbove(Quantity other) {
    return compareTo(other) > 0;
  }

  Quantity atMost(Quantity limit) {
    return isAbove(limit) ? limit : this;
  }

  Quantity atLeast(Quantity limit) {
    return limit.isAbove(this) ? limit : this;
  }

  @Override
  public int compareTo(Quantity other) {
    return value.compareTo(other.value);
  }
}

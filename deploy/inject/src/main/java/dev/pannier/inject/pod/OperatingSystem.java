package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.List;

/// Of which nodes a Pod can run on, where that is decided by their operating system.
final class OperatingSystem {
  private static final String WINDOWS = "windows";

  /// The second is what the first was called before.
  private static final List<String> LABELS = List.of("kubernetes.io/os", "beta.kubernetes.io/os");

  private OperatingSystem() {}

  /// Where it is said that a Pod runs on Windows alone.
  static List<Part> other(Part spec) {
    List<Part> said = new ArrayList<>();
    said.add(spec.at("os", "name"));
    LABELS.forEach(label -> said.add(spec.at("nodeSelector", label)));
    said.removeIf(os -> !os.text().equals(WINDOWS));
    said.addAll(byAffinity(spec.at("affinity", "nodeAffinity")));
    return said;
  }

  /// A node has to fulfil one of the terms, and of that one all expressions.
  private static List<Part> byAffinity(Part affinity) {
    List<Part> said = new ArrayList<>();
    for (Part term :
        affinity
            .at("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
            .elements()) {
      List<Part> ofTerm =
          term.at("matchExpressions").elements().stream()
              .filter(OperatingSystem::isOther)
              .map(expression -> expression.at("values").elements().getFirst())
              .toList();
      if (ofTerm.isEmpty()) {
        return List.of();
      }
      said.addAll(ofTerm);
    }
    return said;
  }

  private static boolean isOther(Part expression) {
    List<String> values = expression.at("values").elements().stream().map(Part::text).toList();
    return LABELS.contains(expression.at("key").text())
        && switch (expression.at("operator").text()) {
          case "In" -> !values.isEmpty() && values.stream().allMatch(WINDOWS::equals);
          case "NotIn" -> values.contains("linux");
          default -> false;
        };
  }
}

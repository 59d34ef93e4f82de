package dev.pannier.inject.pod;

import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The time zone in which an application writes its times, by its `TZ`: the sidecar reads those that name none in it, else in UTC.
final class TimeZones {
  static final String VARIABLE = "TZ";

  private static final String ELSE_UTC =
      ", so times without a zone are read in UTC, or as the zone of a config says";

  private TimeZones() {}

  /// Of several containers those count that say one.
  ///
  /// @return what is to be the sidecar's; empty where nobody says it, where they differ, and where the sidecar would not know it
  static String of(List<Part> selected, List<Problem> notices) {
    Map<String, Part> said = new LinkedHashMap<>();
    Part silent = null;
    for (Part container : selected) {
      Part variable = variable(container);
      if (variable == null) {
        silent = container;
      } else {
        said.putIfAbsent(zone(variable, notices), variable);
      }
    }
    if (said.isEmpty() || said.containsKey("")) {
      return "";
    }
    String zone = said.keySet().iterator().next();
    if (said.size() > 1) {
      said.remove(zone);
      said.forEach(
          (other, variable) ->
              notices.add(
                  new Problem(
                      variable.path(),
                      "differs from another container's, %s%s; name those that log in %s (%s)"
                          .formatted(zone, ELSE_UTC, Setting.CONTAINERS.annotation(), other))));
      return "";
    }
    if (silent != null) {
      notices.add(
          new Problem(
              silent.path(),
              "has no TZ, which another container has: its times without a zone are read in that one, too; name those that log in %s (%s)"
                  .formatted(Setting.CONTAINERS.annotation(), silent.at("name").text())));
    }
    return zone;
  }

  /// Of two of one name the kubelet takes the last.
  private static @Nullable Part variable(Part container) {
    return container.at("env").elements().stream()
        .filter(each -> each.at("name").text().equals(VARIABLE))
        .reduce((one, next) -> next)
        .filter(each -> each.at("valueFrom").isThere() || !each.at("value").text().isEmpty())
        .orElse(null);
  }

  /// Only names: `GMT+3` is three hours before UTC to the C library, and behind it to Java.
  private static String zone(Part variable, List<Problem> notices) {
    String value = variable.at("value").text();
    if (variable.at("valueFrom").isThere() || value.contains("$(") || value.contains("$$")) {
      notices.add(new Problem(variable.path(), "is known when the Pod runs" + ELSE_UTC));
      return "";
    }
    Set<String> known = ZoneId.getAvailableZoneIds();
    if (!known.contains(value.startsWith(":") ? value.substring(1) : value)) {
      notices.add(
          new Problem(
              variable.at("value").path(),
              "is no name of a time zone, such as Europe/Berlin%s (%s)"
                  .formatted(ELSE_UTC, Part.shown(value))));
      return "";
    }
    return value;
  }
}

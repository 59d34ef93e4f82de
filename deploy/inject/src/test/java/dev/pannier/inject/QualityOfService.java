package dev.pannier.inject;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A Pod's quality of service by the kubelet's own steps: amounts of all containers are summed up, and the sums compared.
enum QualityOfService {
  BEST_EFFORT,
  BURSTABLE,
  GUARANTEED;

  private static final List<String> COUNTED = List.of("cpu", "memory");

  static QualityOfService of(Map<?, ?> spec) {
    Map<String, BigDecimal> requests = new HashMap<>();
    Map<String, BigDecimal> limits = new HashMap<>();
    boolean allLimited = true;
    // Those of the Pod's own decide alone, where it has any.
    Map<?, ?> own = map(spec.get("resources"));
    boolean hasOwn = !map(own.get("requests")).isEmpty() || !map(own.get("limits")).isEmpty();
    List<?> all = hasOwn ? List.of(spec) : containers(spec);
    for (Object container : all) {
      Map<?, ?> resources = map(map(container).get("resources"));
      Map<?, ?> limited = map(resources.get("limits"));
      // The API server fills in what is missing.
      Map<Object, Object> requested = new HashMap<>(limited);
      requested.putAll(map(resources.get("requests")));
      for (String name : COUNTED) {
        add(requests, name, requested.get(name));
        allLimited &= add(limits, name, limited.get(name));
      }
    }
    if (requests.isEmpty() && limits.isEmpty()) {
      return BEST_EFFORT;
    }
    boolean same =
        requests.keySet().equals(limits.keySet())
            && requests.keySet().stream()
                .allMatch(name -> same(requests.get(name), limits.get(name)));
    return allLimited && same ? GUARANTEED : BURSTABLE;
  }

  private static boolean same(@Nullable BigDecimal one, @Nullable BigDecimal other) {
    return one != null && other != null && one.compareTo(other) == 0;
  }

  private static List<Object> containers(Map<?, ?> spec) {
    List<Object> all = new ArrayList<>();
    for (String list : List.of("containers", "initContainers")) {
      if (spec.get(list) instanceof List<?> containers) {
        all.addAll(containers);
      }
    }
    return all;
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  /// @return whether there is some
  private static boolean add(Map<String, BigDecimal> sums, String name, @Nullable Object amount) {
    BigDecimal value = amount == null ? BigDecimal.ZERO : value(Objects.toString(amount));
    if (value.signum() <= 0) {
      return false;
    }
    sums.merge(name, value, BigDecimal::add);
    return true;
  }

  /// Of the amounts that the tests write.
  private static BigDecimal value(String amount) {
    Map<String, BigDecimal> units =
        Map.of(
            "Gi",
            BigDecimal.valueOf(1L << 30),
            "Mi",
            BigDecimal.valueOf(1L << 20),
            "M",
            BigDecimal.valueOf(1_000_000),
            "m",
            new BigDecimal("0.001"));
    for (String unit : List.of("Gi", "Mi", "M", "m")) {
      if (amount.endsWith(unit)) {
        String number = amount.substring(0, amount.length() - unit.length());
        return new BigDecimal(number).multiply(Objects.requireNonNull(units.get(unit)));
      }
    }
    return new BigDecimal(amount);
  }
}

package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The quality of service that Kubernetes gives a Pod: `Guaranteed` where each container, those that are only there to initialize it
/// included, has limits of CPU and memory, and requests exactly them. Requests that are not written are the limits.
final class Quality {
  static final List<String> COUNTED = List.of("cpu", "memory");

  private Quality() {}

  static boolean isGuaranteed(Part spec) {
    List<Part> containers = new ArrayList<>(spec.at("containers").elements());
    containers.addAll(spec.at("initContainers").elements());
    return !containers.isEmpty()
        // Resources of the Pod's own decide alone, and ours are none of them.
        && !isOfThePod(spec)
        && containers.stream().allMatch(Quality::requestsItsLimits);
  }

  /// Whether a Pod has resources as a whole: an empty `spec.resources` says nothing.
  static boolean isOfThePod(Part spec) {
    Part resources = spec.at("resources");
    return Stream.of("requests", "limits").anyMatch(key -> !resources.at(key).copy().isEmpty());
  }

  private static boolean requestsItsLimits(Part container) {
    Map<String, Quantity> limits = counted(container.at("resources", "limits"));
    Map<String, Quantity> requests = requests(container);
    return limits.keySet().containsAll(COUNTED)
        && COUNTED.stream().allMatch(name -> isSame(limits.get(name), requests.get(name)));
  }

  /// The API server fills in what is missing, and no more: a request of 0 is written.
  static Map<String, Quantity> requests(Part container) {
    Part written = container.at("resources", "requests");
    Map<String, Quantity> requests = counted(container.at("resources", "limits"));
    requests.keySet().removeIf(name -> Quantity.parse(written.at(name).scalar()) != null);
    requests.putAll(counted(written));
    return requests;
  }

  private static boolean isSame(@Nullable Quantity one, @Nullable Quantity other) {
    return one != null && other != null && one.compareTo(other) == 0;
  }

  /// Those that are above zero: others do not count.
  static Map<String, Quantity> counted(Part amounts) {
    Map<String, Quantity> counted = new TreeMap<>();
    for (String name : COUNTED) {
      Quantity amount = Quantity.parse(amounts.at(name).scalar());
      if (amount != null && amount.value().signum() > 0) {
        counted.put(name, amount);
      }
    }
    return counted;
  }
}

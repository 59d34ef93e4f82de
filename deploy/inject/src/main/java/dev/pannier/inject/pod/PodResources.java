package dev.pannier.inject.pod;

import java.math.BigDecimal;
import java.util.List;
import java.util.stream.Stream;

/// Resources that a Pod has as a whole, in `spec.resources`: the API server makes no Pod whose containers together request more, so
/// what the sidecar adds has to fit.
final class PodResources {
  private final Part spec;
  private final SidecarResources sidecar;
  private final boolean isNative;
  private final int before;

  private PodResources(Part spec, SidecarResources sidecar, boolean isNative, int before) {
    this.spec = spec;
    this.sidecar = sidecar;
    this.isNative = isNative;
    this.before = before;
  }

  /// @param before how many of the init containers come before the sidecar, where it is one of them
  static void lookAt(
      Part spec, SidecarResources sidecar, boolean isNative, int before, List<Problem> notices) {
    if (!Quality.isOfThePod(spec)) {
      return;
    }
    PodResources resources = new PodResources(spec, sidecar, isNative, before);
    Quality.COUNTED.forEach(name -> resources.lookAt(name, notices));
    notices.add(
        new Problem(
            spec.at("resources").path(),
            "has to hold what the sidecar requests, too: %s of CPU, %s of memory"
                .formatted(sidecar.request("cpu").text(), sidecar.request("memory").text())));
  }

  private void lookAt(String name, List<Problem> notices) {
    Part request = spec.at("resources").at("requests", name);
    Part limit = spec.at("resources").at("limits", name);
    String ours = sidecar.request(name).text();
    // What is not requested for the Pod is what its containers request, and at most its limit.
    Part bound = request.isThere() ? request : limit;
    Quantity most = Quantity.parse(bound.scalar());
    BigDecimal least = together(name);
    if (most != null && most.value().compareTo(least) < 0) {
      bound.problem(
          "does not hold the sidecar's %s, too: all containers request %s"
              .formatted(ours, Quantity.rounded(name, least).text()));
    }
    Quantity own = sidecar.limit(name);
    Quantity whole = Quantity.parse(limit.scalar());
    if (!isNative && own != null && whole != null && own.isAbove(whole)) {
      limit.problem("is less than the limit of the sidecar's container, " + own.text());
    }
    boolean isRequestByDefault =
        limit.isThere()
            && !request.isThere()
            && Stream.of("containers", "initContainers")
                .flatMap(list -> spec.at(list).elements().stream())
                .allMatch(container -> requested(container, name).signum() == 0);
    if (isRequestByDefault) {
      notices.add(
          new Problem(
              limit.path(),
              "is no longer what the Pod requests, but the sidecar's "
                  + ours
                  + " alone: say it in requests, too"));
    }
  }

  /// As Kubernetes sums up: init containers run one after the other, each beside those before it that are restarted.
  private BigDecimal together(String name) {
    BigDecimal ours = sidecar.request(name).value();
    BigDecimal restarted = BigDecimal.ZERO;
    BigDecimal most = BigDecimal.ZERO;
    List<Part> initContainers = spec.at("initContainers").elements();
    for (int i = 0; i <= initContainers.size(); i++) {
      if (isNative && i == before) {
        restarted = restarted.add(ours);
      }
      if (i < initContainers.size()) {
        Part container = initContainers.get(i);
        BigDecimal beside = restarted.add(requested(container, name));
        restarted = container.at("restartPolicy").text().equals("Always") ? beside : restarted;
        most = most.max(beside);
      }
    }
    BigDecimal running = isNative ? restarted : restarted.add(ours);
    for (Part container : spec.at("containers").elements()) {
      running = running.add(requested(container, name));
    }
    return most.max(running);
  }

  private static BigDecimal requested(Part container, String name) {
    Quantity requested = Quality.requests(container).get(name);
    return requested == null ? BigDecimal.ZERO : requested.value();
  }
}

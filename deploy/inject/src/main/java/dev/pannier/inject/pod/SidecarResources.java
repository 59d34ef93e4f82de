package dev.pannier.inject.pod;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the sidecar's container requests, and what it is limited to.
final class SidecarResources {
  /// `memory` of the sidecar, by default; and by how much its heap, its request and its limit are above it.
  static final int MEMORY_MIB = 24;

  static final int HEAP_MIB = 16;
  private static final int REQUEST_MIB = 40;
  private static final int LIMIT_MIB = 104;

  /// With less it was not tried.
  private static final int TRIED_MIB = 88;

  private static final Quantity CPU_REQUEST = Quantity.milliCpu(50);

  /// Where the request is the limit: with less, the application would wait for a start of half a minute.
  private static final Quantity CPU_GUARANTEED = Quantity.milliCpu(200);

  private final Settings settings;
  private final boolean isGuaranteed;

  /// @param isGuaranteed whether the Pod is without the sidecar
  SidecarResources(Settings settings, boolean isGuaranteed) {
    this.settings = settings;
    this.isGuaranteed = isGuaranteed;
  }

  private long memoryMib() {
    return settings.memoryMib() == 0 ? MEMORY_MIB : settings.memoryMib();
  }

  long heapMib() {
    return memoryMib() + HEAP_MIB;
  }

  private Quantity cpuRequest() {
    Quantity said = settings.quantity(Setting.CPU_REQUEST);
    Quantity limit = settings.quantity(Setting.CPU_LIMIT);
    if (said != null) {
      return said;
    }
    if (isGuaranteed) {
      return limit == null ? CPU_GUARANTEED : limit;
    }
    return limit == null ? CPU_REQUEST : CPU_REQUEST.atMost(limit);
  }

  /// @return null for none: what is left of the node's CPU is not kept from it
  private @Nullable Quantity cpuLimit() {
    Quantity said = settings.quantity(Setting.CPU_LIMIT);
    return said != null || !isGuaranteed ? said : cpuRequest();
  }

  private Quantity memoryRequest() {
    Quantity said = settings.quantity(Setting.MEMORY_REQUEST);
    if (said != null) {
      return said;
    }
    return isGuaranteed
        ? memoryLimit()
        : Quantity.mebibytes(memoryMib() + REQUEST_MIB).atMost(memoryLimit());
  }

  private Quantity memoryLimit() {
    Quantity said = settings.quantity(Setting.MEMORY_LIMIT);
    if (said != null) {
      return said;
    }
    Quantity request = settings.quantity(Setting.MEMORY_REQUEST);
    Quantity usual = Quantity.mebibytes(memoryMib() + LIMIT_MIB);
    if (request == null) {
      return usual;
    }
    boolean holdsHeap = !Quantity.mebibytes(heapMib()).isAbove(request);
    return isGuaranteed && holdsHeap ? request : usual.atLeast(request);
  }

  /// As a container has it.
  Map<String, Object> written() {
    Map<String, Object> requests = new LinkedHashMap<>();
    requests.put("cpu", cpuRequest().text());
    requests.put("memory", memoryRequest().text());
    Map<String, Object> limits = new LinkedHashMap<>();
    Quantity cpuLimit = cpuLimit();
    if (cpuLimit != null) {
      limits.put("cpu", cpuLimit.text());
    }
    limits.put("memory", memoryLimit().text());
    Map<String, Object> resources = new LinkedHashMap<>();
    resources.put("requests", requests);
    resources.put("limits", limits);
    return resources;
  }

  /// @param annotations the Pod's
  void lookAt(Part annotations, List<Problem> notices) {
    Quantity tried = Quantity.mebibytes(memoryMib() + TRIED_MIB);
    if (tried.isAbove(memoryLimit())) {
      notices.add(
          new Problem(
              where(annotations, Setting.MEMORY_LIMIT, Setting.MEMORY_REQUEST),
              "is less than the sidecar was tried with: it may run out of memory (%s < %s)"
                  .formatted(memoryLimit().text(), tried.text())));
    }
    Quantity cpuLimit = cpuLimit();
    boolean differs =
        cpuLimit == null
            || cpuLimit.isAbove(cpuRequest())
            || memoryLimit().isAbove(memoryRequest());
    if (isGuaranteed && differs) {
      notices.add(
          new Problem(
              where(
                  annotations,
                  Setting.CPU_LIMIT,
                  Setting.CPU_REQUEST,
                  Setting.MEMORY_LIMIT,
                  Setting.MEMORY_REQUEST),
              "takes the quality of service Guaranteed from the Pod: the sidecar's requests are not"
                  + " its limits"));
    }
  }

  Quantity request(String name) {
    return name.equals("cpu") ? cpuRequest() : memoryRequest();
  }

  /// @return null for none
  @Nullable Quantity limit(String name) {
    return name.equals("cpu") ? cpuLimit() : memoryLimit();
  }

  /// The first of these that somebody has said something about.
  private List<String> where(Part annotations, Setting... of) {
    for (Setting setting : of) {
      if (annotations.at(setting.annotation()).isThere()) {
        return annotations.at(setting.annotation()).path();
      }
    }
    for (Setting setting : of) {
      if (settings.quantity(setting) != null) {
        return List.of("default of " + setting.key());
      }
    }
    return annotations.path();
  }
}

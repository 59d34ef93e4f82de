package dev.pannier.inject.pod;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A service mesh whose proxy is in the Pod, and takes all of the Pod's traffic but that of loopback.
///
/// @param name             as it is told
/// @param own              the names of its containers that come before all others, its proxy the last
/// @param notInboundThrough the annotation with ports that its proxy is not to take, from others
/// @param joins            key and value of the annotation or label by which a Pod asks for the proxy
record Mesh(String name, List<String> own, String notInboundThrough, Map<String, String> joins) {
  private static final List<Mesh> KNOWN =
      List.of(
          new Mesh(
              "Istio",
              List.of("istio-validation", "istio-init", "istio-proxy"),
              "traffic.sidecar.istio.io/excludeInboundPorts",
              Map.of("sidecar.istio.io/inject", "true")),
          new Mesh(
              "Linkerd",
              List.of("linkerd-network-validator", "linkerd-init", "linkerd-proxy"),
              "config.linkerd.io/skip-inbound-ports",
              Map.of("linkerd.io/inject", "enabled")));

  private static final String ADMIN_PORT = String.valueOf(Sidecar.ADMIN_PORT);

  /// The one whose containers are there, or that the Pod itself asks for; null for none.
  static @Nullable Mesh of(Part root) {
    Part spec = root.at("spec");
    return KNOWN.stream()
        .filter(mesh -> mesh.isIn(spec) || mesh.isAskedFor(root.at("metadata")))
        .findFirst()
        .orElse(null);
  }

  private boolean isIn(Part spec) {
    return Stream.of("initContainers", "containers")
        .flatMap(list -> spec.at(list).named().keySet().stream())
        .anyMatch(own::contains);
  }

  private boolean isAskedFor(Part metadata) {
    return joins.entrySet().stream()
        .anyMatch(
            each ->
                Stream.of("annotations", "labels")
                    .anyMatch(
                        where ->
                            each.getValue().equals(metadata.at(where, each.getKey()).scalar())));
  }

  private String proxy() {
    return own.getLast();
  }

  /// Whether the proxy starts with the application and no sooner, and ends with it.
  boolean isOrdinary(Part spec) {
    return spec.at("containers").named().containsKey(proxy());
  }

  /// The containers that are the application's: all where there are but the mesh's, as in its gateways.
  List<Part> others(Part containers) {
    Map<String, Part> named = containers.named();
    List<Part> others =
        named.entrySet().stream()
            .filter(each -> !own.contains(each.getKey()))
            .map(Map.Entry::getValue)
            .toList();
    return others.isEmpty() ? List.copyOf(named.values()) : others;
  }

  /// How many of the init containers come before the sidecar: those of the mesh, so that there is a network when it starts, and
  /// until it has ended.
  int before(Part initContainers) {
    List<Part> all = initContainers.elements();
    int before = 0;
    for (int i = 0; i < all.size(); i++) {
      if (own.contains(all.get(i).at("name").text())) {
        before = i + 1;
      }
    }
    return before;
  }

  void lookAt(Part root, boolean isNative, List<Problem> notices) {
    Part spec = root.at("spec");
    Part excluded = root.at("metadata", "annotations").at(notInboundThrough);
    boolean isProbedDirectly =
        List.of(excluded.scalar().split("\\s*,\\s*", -1)).contains(ADMIN_PORT);
    if (isOrdinary(spec)) {
      Part proxy = spec.at("containers").named().getOrDefault(proxy(), spec);
      notices.add(
          new Problem(
              proxy.path("name"),
              isNative
                  ? "starts after the sidecar, and ends before it: "
                      + (isProbedDirectly ? "" : "its probes find nobody until then, and ")
                      + "what is left at the end is not shipped; let "
                      + name
                      + " run it as a native sidecar, or leave out pannier.dev/mode: native"
                  : "is an ordinary container, so the sidecar is one, too: let "
                      + name
                      + " run it as a native sidecar"));
    }
    if (!isProbedDirectly) {
      notices.add(
          new Problem(
              excluded.path(),
              "does not have "
                  + ADMIN_PORT
                  + ": where "
                  + name
                  + " takes mTLS alone, the kubelet's probes of the sidecar fail, and the Pod does"
                  + " not start"));
    }
  }
}

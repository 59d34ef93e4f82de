package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Takes out of a Pod what an injection has added, by the trace that it left; whatever else was changed since stays, and so does a
/// volume that somebody has mounted besides.
public final class Removal {
  private static final List<String> VOLUMES = List.of("spec", "volumes");

  private final Part root;
  private final List<Change> changes = new ArrayList<>();
  private final List<Problem> notices = new ArrayList<>();

  private Removal(Part root) {
    this.root = root;
  }

  /// @param pod a Pod, or the template of one: its `metadata` and `spec`
  public static Outcome of(@Nullable Object pod) {
    Set<Problem> problems = new LinkedHashSet<>();
    Part root = Part.root(pod, problems);
    Part annotation = root.at("metadata", "annotations").at(Trace.ANNOTATION);
    if (!annotation.isThere()) {
      return new Outcome.Unchanged("no sidecar was injected");
    }
    Removal removal = new Removal(root);
    removal.take(Trace.read(annotation, problems).places());
    return problems.isEmpty()
        ? new Outcome.Changed(removal.changes, removal.notices)
        : new Outcome.Refused(List.copyOf(problems));
  }

  private void take(List<Trace.Place> places) {
    Map<String, Trace.Place> metadata = new LinkedHashMap<>();
    Map<Trace.Place, List<Part>> found = new LinkedHashMap<>();
    for (Trace.Place place : places) {
      if (place.path().getFirst().equals("metadata")) {
        metadata.put(place.path().getLast(), place);
      } else {
        found.put(place, find(place));
      }
    }
    Set<List<String>> gone = new HashSet<>();
    found.values().forEach(ours -> ours.forEach(element -> gone.add(element.path())));
    found.forEach(
        (place, ours) ->
            remove(place, place.path().equals(VOLUMES) ? unmounted(ours, gone) : ours));
    removeTrace(metadata.get("metadata"), metadata.get("annotations"));
  }

  /// @param ofMetadata    null where it was there
  /// @param ofAnnotations the same
  private void removeTrace(Trace.@Nullable Place ofMetadata, Trace.@Nullable Place ofAnnotations) {
    Part metadata = root.at("metadata");
    Part annotations = metadata.at("annotations");
    boolean alone = annotations.map().size() == 1;
    if (alone && ofMetadata != null && metadata.map().size() == 1) {
      undo(metadata, ofMetadata.replaced());
    } else if (alone && (ofMetadata != null || ofAnnotations != null)) {
      undo(annotations, ofAnnotations == null ? null : ofAnnotations.replaced());
    } else {
      undo(annotations.at(Trace.ANNOTATION), null);
    }
  }

  private void undo(Part part, @Nullable WrittenNull replaced) {
    changes.add(
        replaced == null ? new Change.Remove(part.path()) : new Change.Add(part.path(), replaced));
  }

  /// What was added there, as far as it is still there: of several of one name that which an injection writes, or else the first.
  private List<Part> find(Trace.Place place) {
    Part list = list(place);
    List<Part> elements = list == null ? List.of() : list.elements();
    Map<String, Part> ours = new HashMap<>();
    Set<String> missing = new LinkedHashSet<>(place.names());
    for (Part element : elements) {
      String name = element.at("name").text();
      String mount = Trace.mount(name, element.at("mountPath").scalar());
      for (String traced : List.of(name, mount)) {
        if (place.names().contains(traced)) {
          ours.merge(
              traced,
              element,
              (one, other) ->
                  !Injection.isOurs(one.copy()) && Injection.isOurs(other.copy()) ? other : one);
          missing.remove(traced);
        }
      }
    }
    if (!missing.isEmpty()) {
      notices.add(
          new Problem(
              place.path(),
              "does not have here any more what was injected: look for it elsewhere ("
                  + Part.shown(String.join(", ", missing))
                  + ")"));
    }
    return elements.stream().filter(ours::containsValue).toList();
  }

  /// The trace names a container where the tree has its index.
  private @Nullable Part list(Trace.Place place) {
    Part part = root;
    for (String step : place.path()) {
      Part next = part.isList() ? part.named().get(step) : part.at(step);
      if (next == null) {
        return null;
      }
      part = next;
    }
    return part;
  }

  /// A Pod with a mount whose volume is missing is none.
  private List<Part> unmounted(List<Part> volumes, Set<List<String>> gone) {
    Map<String, Part> mounts = new LinkedHashMap<>();
    Stream.of("containers", "initContainers")
        .flatMap(list -> root.at("spec", list).elements().stream())
        .filter(container -> !gone.contains(container.path()))
        .flatMap(container -> container.at("volumeMounts").elements().stream())
        .filter(mount -> !gone.contains(mount.path()))
        .forEach(mount -> mounts.putIfAbsent(mount.at("name").text(), mount));
    List<Part> unmounted = new ArrayList<>();
    for (Part volume : volumes) {
      Part mount = mounts.get(volume.at("name").text());
      if (mount == null) {
        unmounted.add(volume);
      } else {
        notices.add(
            new Problem(
                volume.path(),
                "was injected, and stays: "
                    + Problem.key(mount.path())
                    + " mounts it ("
                    + volume.at("name").text()
                    + ")"));
      }
    }
    return unmounted;
  }

  private void remove(Trace.Place place, List<Part> ours) {
    Part list = list(place);
    if (list != null
        && list.isThere()
        && place.isWhole()
        && ours.size() == list.elements().size()) {
      undo(list, place.replaced());
    } else {
      ours.reversed().forEach(element -> undo(element, null));
    }
  }
}

package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Takes out of a Pod what an injection has added, by the trace that it left; whatever else was changed since stays.
public final class Removal {
  private Removal() {}

  /// @param pod a Pod, or the template of one: its `metadata` and `spec`
  public static Outcome of(@Nullable Object pod) {
    Set<Problem> problems = new LinkedHashSet<>();
    Part root = Part.root(pod, problems);
    Part annotations = root.at("metadata", "annotations");
    Part annotation = annotations.at(Trace.ANNOTATION);
    if (!annotation.isThere()) {
      return new Outcome.Unchanged("no sidecar was injected");
    }
    Trace trace = Trace.read(annotation, problems);
    List<Change> changes = new ArrayList<>();
    List<String> made = new ArrayList<>();
    for (Trace.Place place : trace.places()) {
      if (place.path().getFirst().equals("metadata")) {
        made.add(String.join(".", place.path()));
        continue;
      }
      Part list = find(root, place.path());
      if (list != null && list.isThere()) {
        remove(list, place, changes);
      }
    }
    boolean alone = annotations.map().size() == 1;
    if (alone && made.contains("metadata") && root.at("metadata").map().size() == 1) {
      changes.add(new Change.Remove(List.of("metadata")));
    } else if (alone && (made.contains("metadata.annotations") || made.contains("metadata"))) {
      changes.add(new Change.Remove(annotations.path()));
    } else {
      changes.add(new Change.Remove(annotation.path()));
    }
    return problems.isEmpty()
        ? new Outcome.Changed(changes, List.of())
        : new Outcome.Refused(List.copyOf(problems));
  }

  /// The trace names a container where the tree has its index.
  private static @Nullable Part find(Part root, List<String> path) {
    Part part = root;
    for (String step : path) {
      Part next = part.isList() ? part.named().get(step) : part.at(step);
      if (next == null) {
        return null;
      }
      part = next;
    }
    return part;
  }

  private static void remove(Part list, Trace.Place place, List<Change> changes) {
    List<Part> elements = list.elements();
    List<Part> ours =
        elements.stream()
            .filter(element -> place.names().contains(element.at("name").text()))
            .toList();
    if (place.made() && ours.size() == elements.size()) {
      changes.add(new Change.Remove(list.path()));
    } else {
      ours.reversed().forEach(element -> changes.add(new Change.Remove(element.path())));
    }
  }
}

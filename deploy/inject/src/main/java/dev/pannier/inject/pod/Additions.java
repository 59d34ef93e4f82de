package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What is added to one Pod, with the trace that it leaves there.
final class Additions {
  private final List<Change> elements = new ArrayList<>();
  private final Map<List<String>, List<Object>> newLists = new LinkedHashMap<>();
  private final Trace trace = new Trace();
  private final Trace earlier;

  /// @param earlier what an earlier injection has left, most of which was taken out
  Additions(Trace earlier) {
    this.earlier = earlier;
  }

  /// An element at the end of a list, which may not be there yet.
  ///
  /// @param place the list as the trace names it
  void append(Part list, String name, Object element, String... place) {
    add(list, Change.END, name, element, place);
  }

  /// The same, behind so many of the list's elements.
  void insert(Part list, int index, String name, Object element, String... place) {
    boolean isLast = index > 0 && index == list.elements().size();
    add(list, isLast ? Change.END : String.valueOf(index), name, element, place);
  }

  /// An element that an earlier injection has left there.
  void kept(String name, String... place) {
    trace.added(name, place);
    trace.goesOn(earlier, place);
  }

  private void add(Part list, String at, String name, Object element, String... place) {
    trace.added(name, place);
    if (list.isThere()) {
      trace.goesOn(earlier, place);
      elements.add(new Change.Add(list.path(at), element));
    } else {
      make(list, place);
      newLists.computeIfAbsent(list.path(), any -> new ArrayList<>()).add(element);
    }
  }

  private void make(Part part, String... place) {
    WrittenNull written = part.writtenNull();
    if (written != null) {
      trace.replaced(written, place);
    } else if (!part.isKey()) {
      trace.made(place);
    }
  }

  /// All of it, and the trace.
  List<Change> finish(Part pod) {
    // Before all else: an element in a list moves those behind it, and what is to be added to them.
    List<Change> changes = new ArrayList<>();
    newLists.forEach((path, list) -> changes.add(new Change.Add(path, list)));
    changes.addAll(elements);
    Part metadata = pod.at("metadata");
    Part annotations = metadata.at("annotations");
    if (!metadata.isThere()) {
      make(metadata, "metadata");
      if (metadata.isKey() && metadata.writtenNull() == null) {
        trace.made("metadata", "annotations");
      }
      changes.add(new Change.Add(metadata.path(), Map.of("annotations", annotation())));
    } else if (!annotations.isThere()) {
      trace.goesOn(earlier, "metadata");
      make(annotations, "metadata", "annotations");
      changes.add(new Change.Add(annotations.path(), annotation()));
    } else {
      trace.goesOn(earlier, "metadata");
      trace.goesOn(earlier, "metadata", "annotations");
      changes.add(new Change.Add(annotations.path(Trace.ANNOTATION), trace.toString()));
    }
    return changes;
  }

  private Map<String, Object> annotation() {
    return Map.of(Trace.ANNOTATION, trace.toString());
  }
}

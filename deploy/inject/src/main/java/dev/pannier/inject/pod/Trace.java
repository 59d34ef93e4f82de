package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What an injection leaves in the Pod about itself: the annotation `pannier.dev/injected` names all that was added, so that it
/// can be taken out again, by a later version, too, and whatever was changed beside it.
///
/// Its value is a list of places between blanks: `metadata.annotations+ spec.volumes+[pannier-state] spec.containers.app.env[A,B]`. In brackets
/// are the names of the elements that were added to a list; a `+` says that the key itself was not there.
final class Trace {
  static final String ANNOTATION = Setting.PREFIX + "injected";

  private static final Pattern PLACE = Pattern.compile("([A-Za-z0-9.-]+?)(\\+?)(?:\\[(\\S*)\\])?");

  /// @param made  whether the key was not there
  /// @param names of the elements that were added
  record Place(List<String> path, boolean made, Set<String> names) {}

  private final Map<String, Place> places = new LinkedHashMap<>();

  /// A key that was not there.
  void made(String... path) {
    merge(new Place(List.of(path), true, Set.of()));
  }

  /// An element of a list, by its name.
  void added(String name, String... path) {
    merge(new Place(List.of(path), false, Set.of(name)));
  }

  private void merge(Place place) {
    places.merge(
        String.join(".", place.path()),
        place,
        (a, b) -> {
          Set<String> names = new LinkedHashSet<>(a.names());
          names.addAll(b.names());
          return new Place(a.path(), a.made() || b.made(), names);
        });
  }

  List<Place> places() {
    return new ArrayList<>(places.values());
  }

  /// @param annotation its value is a problem where it cannot be read
  static Trace read(Part annotation, Collection<Problem> problems) {
    Trace trace = new Trace();
    for (String word : annotation.text().split("\\s+", -1)) {
      Matcher place = PLACE.matcher(word);
      if (!place.matches()) {
        annotation.problem("cannot be read: take the sidecar out by hand, and this annotation");
        return new Trace();
      }
      String names = place.group(3) == null ? "" : place.group(3);
      trace.merge(
          new Place(
              Arrays.asList(place.group(1).split("\\.", -1)),
              !place.group(2).isEmpty(),
              names.isEmpty() ? Set.of() : new LinkedHashSet<>(List.of(names.split(",", -1)))));
    }
    return trace;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, Place> place : places.entrySet()) {
      text.append(text.isEmpty() ? "" : " ").append(place.getKey());
      text.append(place.getValue().made() ? "+" : "");
      if (!place.getValue().names().isEmpty()) {
        text.append('[').append(String.join(",", place.getValue().names())).append(']');
      }
    }
    return text.toString();
  }
}

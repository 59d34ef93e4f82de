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
import org.jspecify.annotations.Nullable;

/// What an injection leaves in the Pod about itself: the annotation `pannier.dev/injected` names all that was added, so that it
/// can be taken out again, by a later version, too, and whatever was changed beside it.
///
/// Its value is a list of places between blanks: `metadata.annotations+ spec.volumes+[pannier-state] spec.containers.app.env[A,B]`. In brackets
/// are the names of the elements that were added to a list, of mounts with their paths (`pannier-logs:/var/log/app`), since a container may
/// mount a volume more than once; a `+` says that the key itself was not there, and `=null` that this stood behind it.
final class Trace {
  static final String ANNOTATION = Setting.PREFIX + "injected";

  private static final Pattern PLACE =
      Pattern.compile("([A-Za-z0-9.-]+?)(?:(\\+)|=(~|null|Null|NULL))?(?:\\[(\\S*)\\])?");

  /// @param made     whether the key was not there
  /// @param replaced what stood behind it, where that was written
  /// @param names    of the elements that were added
  record Place(List<String> path, boolean made, @Nullable WrittenNull replaced, Set<String> names) {
    /// Whether nothing is left of it when all elements of ours are gone.
    boolean isWhole() {
      return made || replaced != null;
    }
  }

  private final Map<String, Place> places = new LinkedHashMap<>();

  /// The trace that is in a Pod; an empty one where there is none, or none that can be read.
  static Trace of(@Nullable Object pod) {
    List<Problem> problems = new ArrayList<>();
    Part annotation = Part.root(pod, problems).at("metadata", "annotations").at(ANNOTATION);
    return annotation.isThere() ? read(annotation, problems) : new Trace();
  }

  /// How a mount is named.
  static String mount(String volume, String path) {
    return volume + ":" + path.replace("%", "%25").replace(" ", "%20");
  }

  /// A key that was not there.
  void made(String... path) {
    merge(new Place(List.of(path), true, null, Set.of()));
  }

  /// A key that had this.
  void replaced(WrittenNull written, String... path) {
    merge(new Place(List.of(path), false, written, Set.of()));
  }

  /// An element of a list, by its name.
  void added(String name, String... path) {
    merge(new Place(List.of(path), false, null, Set.of(name)));
  }

  /// A key that is there, of which an earlier injection has left this.
  void goesOn(Trace earlier, String... path) {
    Place place = earlier.places.get(String.join(".", path));
    if (place != null) {
      merge(new Place(place.path(), place.made(), place.replaced(), Set.of()));
    }
  }

  private void merge(Place place) {
    places.merge(
        String.join(".", place.path()),
        place,
        (a, b) -> {
          Set<String> names = new LinkedHashSet<>(a.names());
          names.addAll(b.names());
          WrittenNull replaced = a.replaced() == null ? b.replaced() : a.replaced();
          return new Place(a.path(), a.made() || b.made(), replaced, names);
        });
  }

  List<Place> places() {
    return new ArrayList<>(places.values());
  }

  /// The names of what was added to a list.
  Set<String> names(String... path) {
    Place place = places.get(String.join(".", path));
    return place == null ? Set.of() : place.names();
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
      String written = place.group(3);
      String names = place.group(4) == null ? "" : place.group(4);
      trace.merge(
          new Place(
              Arrays.asList(place.group(1).split("\\.", -1)),
              place.group(2) != null,
              written == null ? null : new WrittenNull(written),
              names.isEmpty() ? Set.of() : new LinkedHashSet<>(List.of(names.split(",", -1)))));
    }
    return trace;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, Place> place : places.entrySet()) {
      text.append(text.isEmpty() ? "" : " ").append(place.getKey());
      WrittenNull replaced = place.getValue().replaced();
      text.append(place.getValue().made() ? "+" : "");
      text.append(replaced == null ? "" : "=" + replaced.text());
      if (!place.getValue().names().isEmpty()) {
        text.append('[').append(String.join(",", place.getValue().names())).append(']');
      }
    }
    return text.toString();
  }
}

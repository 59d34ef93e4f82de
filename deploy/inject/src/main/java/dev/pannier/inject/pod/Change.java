package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One step of what has to change in a tree of maps, lists and single values; a JSON Patch's operation (RFC 6902) by its meaning,
/// with the same name and the same path.
///
/// A path's steps are keys of maps and indices of lists, from the tree's root.
public sealed interface Change {
  /// The last step of a path to behind a list's last element.
  String END = "-";

  List<String> path();

  /// A key that was not there or had nothing, or an element before that of its index, or at the end. A `WrittenNull` takes
  /// the place of the list or map that was put into its own.
  ///
  /// @param value a map, a list or a single value
  record Add(List<String> path, Object value) implements Change {
    public Add {
      path = List.copyOf(path);
    }
  }

  /// A key with its value, or an element.
  record Remove(List<String> path) implements Change {
    public Remove {
      path = List.copyOf(path);
    }
  }

  /// The same change of a tree in which this one's tree is at `parent`.
  default Change below(List<String> parent) {
    List<String> path = new ArrayList<>(parent);
    path.addAll(path());
    return switch (this) {
      case Add add -> new Add(path, add.value());
      case Remove ignored -> new Remove(path);
    };
  }

  /// The path as a JSON Pointer (RFC 6901).
  default String pointer() {
    StringBuilder pointer = new StringBuilder();
    for (String step : path()) {
      pointer.append('/').append(step.replace("~", "~0").replace("/", "~1"));
    }
    return pointer.toString();
  }

  /// The tree after these changes, in their order. The given one stays as it is.
  ///
  /// @throws IllegalArgumentException where a path leads nowhere
  static @Nullable Object apply(@Nullable Object tree, List<? extends Change> changes) {
    Object changed = copy(tree);
    for (Change change : changes) {
      change.applyTo(changed);
    }
    return changed;
  }

  private void applyTo(@Nullable Object tree) {
    Object parent = tree;
    for (String step : path().subList(0, path().size() - 1)) {
      parent = child(parent, step);
    }
    String last = path().getLast();
    if (parent instanceof Map<?, ?>) {
      Map<String, @Nullable Object> map = map(parent);
      switch (this) {
        case Add add -> map.put(last, copy(add.value()));
        case Remove ignored -> {
          if (!map.containsKey(last)) {
            throw new IllegalArgumentException("no such key: " + pointer());
          }
          map.remove(last);
        }
      }
    } else if (parent instanceof List<?>) {
      List<@Nullable Object> list = list(parent);
      switch (this) {
        case Add add ->
            list.add(last.equals(END) ? list.size() : Integer.parseInt(last), copy(add.value()));
        case Remove ignored -> list.remove(Integer.parseInt(last));
      }
    } else {
      throw new IllegalArgumentException("no such place: " + pointer());
    }
  }

  private static @Nullable Object child(@Nullable Object parent, String step) {
    if (parent instanceof Map<?, ?> map) {
      return map.get(step);
    }
    return parent instanceof List<?> list ? list.get(Integer.parseInt(step)) : null;
  }

  private static @Nullable Object copy(@Nullable Object tree) {
    if (tree instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> copy = new LinkedHashMap<>();
      map.forEach((key, value) -> copy.put(Objects.toString(key), copy(value)));
      return copy;
    }
    if (tree instanceof List<?> list) {
      List<@Nullable Object> copy = new ArrayList<>();
      list.forEach(element -> copy.add(copy(element)));
      return copy;
    }
    return tree;
  }

  @SuppressWarnings("unchecked") // a copy, made above
  private static Map<String, @Nullable Object> map(Object tree) {
    return (Map<String, @Nullable Object>) tree;
  }

  @SuppressWarnings("unchecked") // a copy, made above
  private static List<@Nullable Object> list(Object tree) {
    return (List<@Nullable Object>) tree;
  }
}

package dev.pannier.inject.yaml;

import dev.pannier.inject.pod.Change;
import dev.pannier.inject.pod.WrittenNull;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A text of YAML or JSON, one or several documents, that can be changed in places: whatever a change does not name stays
/// as it was, to the byte.
public final class YamlText {
  private static final String MERGE = "<<";

  /// Aliases make trees of more values than their text has.
  private static final int MAX_VALUES = 2_000_000;

  private final String text;
  private final List<Node> documents;
  private int values;

  private YamlText(String text, List<Node> documents) {
    this.text = text;
    this.documents = documents;
  }

  /// @throws YamlProblem where it is no YAML
  public static YamlText parse(String text) {
    return new YamlText(text, Documents.read(text));
  }

  /// How many documents it has.
  public int size() {
    return documents.size();
  }

  /// The document's line, from 1.
  public int line(int document) {
    return documents.get(document).line();
  }

  /// The line of what is at this path, or of the last step towards it that is there.
  public int line(int document, List<String> path) {
    Node node = documents.get(document);
    int line = node.line();
    for (String step : path) {
      Node plain = node instanceof Node.Alias alias ? alias.target() : node;
      Node next = null;
      if (plain instanceof Node.Mapping mapping) {
        int entry = mapping.indexOf(step);
        if (entry >= 0) {
          line = mapping.entries().get(entry).key().line();
          next = mapping.entries().get(entry).value();
        }
      } else if (plain instanceof Node.Sequence sequence && step.matches("[0-9]{1,9}")) {
        int item = Integer.parseInt(step);
        if (item < sequence.items().size()) {
          next = sequence.items().get(item);
          line = next.line();
        }
      }
      if (next == null) {
        return line;
      }
      node = next;
    }
    return line;
  }

  /// The single value of a key at the document's root.
  ///
  /// @return null where there is none
  public @Nullable String rootText(int document, String key) {
    if (documents.get(document) instanceof Node.Mapping mapping) {
      int entry = mapping.indexOf(key);
      if (entry >= 0 && mapping.entries().get(entry).value() instanceof Node.Scalar scalar) {
        return isNothing(scalar.value()) ? null : Objects.toString(scalar.value());
      }
    }
    return null;
  }

  /// The document as maps, lists, texts, `Boolean`, `Long`, null and `WrittenNull`. Decimal numbers are texts.
  ///
  /// @throws YamlProblem where a key is there twice, or is no single value
  public @Nullable Object tree(int document) {
    values = 0;
    return tree(documents.get(document));
  }

  private @Nullable Object tree(Node node) {
    if (++values > MAX_VALUES) {
      throw new YamlProblem(node.line(), "has more than " + MAX_VALUES + " values");
    }
    return switch (node) {
      case Node.Scalar scalar -> scalar.value();
      case Node.Alias alias -> tree(alias.target());
      case Node.Sequence sequence -> {
        List<@Nullable Object> list = new ArrayList<>();
        for (Node item : sequence.items()) {
          list.add(tree(item));
        }
        yield list;
      }
      case Node.Mapping mapping -> map(mapping);
    };
  }

  private Map<String, @Nullable Object> map(Node.Mapping mapping) {
    Map<String, Integer> own = new HashMap<>();
    Map<String, @Nullable Object> map = merged(mapping, own);
    // It says nothing, and does not stand here, where something could take its place.
    map.entrySet().removeIf(each -> !own.containsKey(each.getKey()) && isNull(each.getValue()));
    return map;
  }

  /// With what merge keys, of YAML 1.1, bring. As Kubernetes' tools read them, what comes later counts, be it brought or the mapping's own.
  ///
  /// @param own gets the keys that stand in the mapping itself, with their lines
  private Map<String, @Nullable Object> merged(Node.Mapping mapping, Map<String, Integer> own) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (Node.Entry entry : mapping.entries()) {
      Node keyNode = entry.key() instanceof Node.Alias alias ? alias.target() : entry.key();
      if (!(keyNode instanceof Node.Scalar scalar)) {
        throw new YamlProblem(entry.key().line(), "a key is no single value");
      }
      String key = Objects.toString(scalar.value());
      if (key.equals(MERGE) && !scalar.quoted()) {
        merge(entry.value(), map);
        continue;
      }
      Integer before = own.putIfAbsent(key, entry.key().line());
      if (before != null) {
        throw new YamlProblem(
            entry.key().line(),
            "the key is there twice, first in line %d, and kubectl takes the last: leave one out (%s)"
                .formatted(before, key));
      }
      map.put(key, tree(entry.value()));
    }
    return map;
  }

  /// Of several mappings the first counts.
  private void merge(Node node, Map<String, @Nullable Object> map) {
    switch (node) {
      case Node.Alias alias -> merge(alias.target(), map);
      case Node.Mapping mapping -> map.putAll(merged(mapping, new HashMap<>()));
      case Node.Sequence sequence -> sequence.items().reversed().forEach(each -> merge(each, map));
      case Node.Scalar ignored -> {}
    }
  }

  /// The same documents, with a `---` between those of JSON that follow each other without: among others, they are YAML. It is a mark at a
  /// line's beginning alone.
  public String separated() {
    Layout layout = new Layout(text);
    StringBuilder separated = new StringBuilder();
    int at = 0;
    for (int i = 1; i < size(); i++) {
      int next = documents.get(i).start();
      if (!layout.hasMarker(documents.get(i - 1).end(), next)) {
        boolean isFirst = layout.isFirstOfLine(next);
        int place = isFirst ? layout.lineStart(next) : next;
        layout.append(separated, at, place);
        separated.append(isFirst ? "" : layout.lineBreak());
        separated.append("---").append(layout.lineBreak());
        at = place;
      }
    }
    layout.append(separated, at, layout.length());
    return separated.toString();
  }

  /// The text after these changes. A document's additions and removals must not depend on each other's order, but for removals from one
  /// list, which come from its end.
  ///
  /// @param changes of each document, by its index
  /// @throws YamlProblem where the text cannot be changed there and nowhere else
  public YamlText changed(Map<Integer, List<Change>> changes) {
    Edits edits = new Edits(text);
    changes.forEach((document, ofDocument) -> edits.add(documents.get(document), ofDocument));
    YamlText changed;
    try {
      changed = parse(edits.applied());
    } catch (YamlProblem e) {
      throw new YamlProblem(0, "cannot be changed in its layout: write it plainly");
    }
    check(changed, changes);
    return changed;
  }

  /// Layouts and anchors that the edits do not foresee show here, and not in a cluster.
  private void check(YamlText changed, Map<Integer, List<Change>> changes) {
    if (changed.size() != size()) {
      throw new YamlProblem(0, "cannot be changed in its layout: write it plainly");
    }
    Layout before = new Layout(text);
    Layout after = new Layout(changed.text);
    for (int i = 0; i < size(); i++) {
      // Of the others nobody asks what they mean, and whether they mean anything.
      List<Change> asked = changes.get(i);
      boolean isAsExpected =
          asked == null
              ? before.text(documents.get(i)).equals(after.text(changed.documents.get(i)))
              : same(Change.apply(tree(i), asked), changed.tree(i));
      if (!isAsExpected) {
        throw new YamlProblem(
            line(i),
            "cannot be changed in one place alone (an anchor that is used elsewhere, a merge key"
                + " behind what it replaces, or an unusual layout): write it plainly");
      }
    }
  }

  /// Nothing behind a key is the same as an empty list or mapping: in block style there is no other way to write them.
  private static boolean same(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Map<?, ?> mapA && b instanceof Map<?, ?> mapB) {
      return mapA.keySet().equals(mapB.keySet())
          && mapA.keySet().stream().allMatch(key -> same(mapA.get(key), mapB.get(key)));
    }
    if (a instanceof List<?> listA && b instanceof List<?> listB && listA.size() == listB.size()) {
      return IntStream.range(0, listA.size()).allMatch(i -> same(listA.get(i), listB.get(i)));
    }
    return Objects.equals(a, b) || (isNothing(a) && isNothing(b));
  }

  private static boolean isNull(@Nullable Object value) {
    return value == null || value instanceof WrittenNull;
  }

  private static boolean isNothing(@Nullable Object value) {
    return isNull(value)
        || (value instanceof Map<?, ?> map && map.isEmpty())
        || (value instanceof List<?> list && list.isEmpty());
  }

  @Override
  public String toString() {
    return text;
  }
}

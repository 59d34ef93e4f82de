package dev.pannier.inject.yaml;

import dev.pannier.inject.pod.Change;
import dev.pannier.inject.pod.WrittenNull;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Changes of trees as insertions into and removals from their text. In block style whole lines come and go; in brackets and
/// braces, whole elements with their separator, so that what was added is taken out again without a trace.
final class Edits {
  /// @param depth of two that begin in one place the deeper one's text stands first
  private record Edit(int start, int end, String inserted, int depth) {}

  private final Layout layout;
  private final List<Edit> insertions = new ArrayList<>();
  private final List<Edit> removals = new ArrayList<>();

  /// Empty brackets and braces that have got something.
  private final IdentityHashMap<Node, Boolean> filled = new IdentityHashMap<>();

  Edits(String text) {
    layout = new Layout(text);
  }

  /// @throws YamlProblem where a change leads into an alias, or to nothing in the text
  void add(Node document, List<Change> changes) {
    Style style = Style.of(document, layout);
    IdentityHashMap<Node, Set<Integer>> removed = new IdentityHashMap<>();
    for (Change change : changes) {
      Node parent = parent(document, change.path());
      String last = change.path().getLast();
      switch (change) {
        case Change.Add add -> insert(style, parent, last, add.value(), change.path().size());
        case Change.Remove ignored ->
            removed.computeIfAbsent(parent, any -> new HashSet<>()).add(place(parent, last));
      }
    }
    removed.forEach(this::remove);
  }

  private static Node parent(Node document, List<String> path) {
    Node node = document;
    for (String step : path.subList(0, path.size() - 1)) {
      int place = place(node, step);
      node =
          node instanceof Node.Sequence sequence
              ? sequence.items().get(place)
              : ((Node.Mapping) node).entries().get(place).value();
    }
    if (node instanceof Node.Alias alias) {
      throw anAlias(alias);
    }
    return node;
  }

  private static int place(Node node, String step) {
    int place =
        switch (node) {
          case Node.Sequence ignored -> Integer.parseInt(step);
          case Node.Mapping mapping -> mapping.indexOf(step);
          case Node.Alias alias -> throw anAlias(alias);
          case Node.Scalar ignored -> -1;
        };
    if (place < 0) {
      throw new YamlProblem(
          node.line(), step + " stands elsewhere (a merge key): write it here to have it changed");
    }
    return place;
  }

  private static YamlProblem anAlias(Node.Alias alias) {
    return new YamlProblem(
        alias.line(), "an alias stands here, and what it stands for is elsewhere: write it out");
  }

  private void insert(Style style, Node parent, String step, Object value, int depth) {
    switch (parent) {
      case Node.Mapping mapping when mapping.indexOf(step) >= 0 ->
          behindKey(style, mapping, mapping.entries().get(mapping.indexOf(step)), value, depth);
      case Node.Mapping mapping when mapping.flow() ->
          intoFlow(
              style, mapping, mapping.entries().size(), style.flowKey(step) + ": ", value, depth);
      case Node.Mapping mapping -> {
        int indent = layout.column(mapping.entries().getFirst().key().start());
        StringBuilder lines = new StringBuilder();
        style.entry(lines, indent, step, value);
        insertLines(layout.lineAfter(layout.textEnd(mapping)), lines, depth);
      }
      case Node.Sequence sequence -> {
        int index = step.equals(Change.END) ? sequence.items().size() : Integer.parseInt(step);
        if (sequence.flow()) {
          intoFlow(style, sequence, index, "", value, depth);
        } else {
          intoBlock(style, sequence, index, value, depth);
        }
      }
      case Node.Scalar scalar ->
          throw new YamlProblem(
              scalar.line(), "cannot be added to: leave the key out, or write [] or {}");
      case Node.Alias alias -> throw anAlias(alias);
    }
  }

  /// `env:` with nothing behind it, or with a null, which comes back in its place.
  private void behindKey(
      Style style, Node.Mapping parent, Node.Entry entry, Object value, int depth) {
    if (value instanceof WrittenNull written) {
      backToNull(entry, written);
    } else if (isNull(entry.value()) && !parent.flow() && isPlainlyBehind(entry)) {
      int colon = layout.behindColon(entry.key());
      insertions.add(new Edit(colon, entry.value().end(), "", depth));
      insertBelow(style, entry, value, depth);
    } else if (isNull(entry.value())) {
      int key = entry.key().start();
      boolean ownLine = parent.flow() && layout.isFirstOfLine(key);
      String written =
          ownLine
              ? style.flow(value, layout.lineBreak() + layout.indentOf(key), layout.step(parent))
              : style.flow(value);
      insertions.add(new Edit(entry.value().start(), entry.value().end(), written, depth));
    } else if (entry.value() instanceof Node.Scalar scalar && scalar.isEmpty() && !parent.flow()) {
      insertBelow(style, entry, value, depth);
    } else {
      throw new YamlProblem(
          entry.key().line(), "cannot be added to: leave the key out, or write [] or {}");
    }
  }

  private void insertBelow(Style style, Node.Entry entry, Object value, int depth) {
    StringBuilder lines = new StringBuilder();
    style.below(lines, layout.column(entry.key().start()), value);
    // Before what else is added at the same place to the mapping that the key is in.
    insertLines(layout.lineAfter(entry.value().end()), lines, depth + 1);
  }

  /// Without an anchor or a tag.
  private static boolean isNull(Node value) {
    return value instanceof Node.Scalar scalar
        && scalar.value() instanceof WrittenNull written
        && scalar.end() - scalar.start() == written.text().length();
  }

  /// `env: null`: where it stood is known when the lines below are gone.
  private boolean isPlainlyBehind(Node.Entry entry) {
    return layout.isOneBlank(layout.behindColon(entry.key()), entry.value().start());
  }

  private void backToNull(Node.Entry entry, WrittenNull written) {
    Node value = entry.value();
    if (isFlow(value)) {
      insertions.add(new Edit(value.start(), value.end(), written.text(), 0));
    } else {
      Set<Integer> all = new HashSet<>();
      for (int i = 0; i < count(value); i++) {
        all.add(i);
      }
      remove(value, all);
      int colon = layout.behindColon(entry.key());
      insertions.add(new Edit(colon, colon, " " + written.text(), 0));
    }
  }

  private static boolean isFlow(Node node) {
    return node instanceof Node.Mapping mapping
        ? mapping.flow()
        : node instanceof Node.Sequence sequence && sequence.flow();
  }

  private void intoBlock(Style style, Node.Sequence sequence, int index, Object value, int depth) {
    int indent = layout.column(layout.dash(sequence, 0));
    StringBuilder lines = new StringBuilder();
    style.item(lines, indent, value);
    int at =
        index == sequence.items().size()
            ? layout.lineAfter(layout.textEnd(sequence))
            : layout.aboveComments(layout.lineStart(layout.dash(sequence, index)));
    insertLines(at, lines, depth);
  }

  /// @param lines each with its end
  private void insertLines(int at, StringBuilder lines, int depth) {
    String inserted = lines.toString().replace("\n", layout.lineBreak());
    if (at == layout.length() && !layout.endsWithLineBreak()) {
      // The last line has no end, and is to have none afterwards.
      int cut = inserted.length() - layout.lineBreak().length();
      inserted = layout.lineBreak() + inserted.substring(0, cut);
    }
    insertions.add(new Edit(at, at, inserted, depth));
  }

  private void intoFlow(Style style, Node parent, int index, String key, Object value, int depth) {
    int count = count(parent);
    if (count == 0) {
      int close = parent.end() - 1;
      String separator = filled.put(parent, true) == null ? "" : ", ";
      insertions.add(new Edit(close, close, separator + key + style.flow(value), depth));
      return;
    }
    int neighbour = start(parent, Math.min(index, count - 1));
    boolean ownLine = layout.isFirstOfLine(neighbour);
    String separator = "," + (ownLine ? layout.lineBreak() + layout.indentOf(neighbour) : " ");
    String written =
        key
            + (ownLine
                ? style.flow(
                    value, layout.lineBreak() + layout.indentOf(neighbour), layout.step(parent))
                : style.flow(value));
    if (index < count) {
      insertions.add(new Edit(neighbour, neighbour, written + separator, depth));
    } else {
      int end = end(parent, count - 1);
      insertions.add(new Edit(end, end, separator + written, depth));
    }
  }

  private void remove(Node parent, Set<Integer> places) {
    boolean flow = isFlow(parent);
    boolean kept = false;
    for (int i = 0; i < count(parent); i++) {
      if (!places.contains(i)) {
        kept = true;
      } else if (!flow) {
        int start =
            parent instanceof Node.Sequence sequence ? layout.dash(sequence, i) : start(parent, i);
        if (!layout.isFirstOfLine(start)) {
          throw new YamlProblem(parent.line(), "begins within a line: put it on one of its own");
        }
        removals.add(new Edit(layout.lineStart(start), layout.lineAfter(end(parent, i)), "", 0));
      } else if (kept) {
        removals.add(new Edit(end(parent, i - 1), end(parent, i), "", 0));
      } else {
        boolean last = i == count(parent) - 1;
        int end = last ? end(parent, i) : start(parent, i + 1);
        removals.add(new Edit(start(parent, i), end, "", 0));
      }
    }
  }

  private static int count(Node parent) {
    return switch (parent) {
      case Node.Sequence sequence -> sequence.items().size();
      case Node.Mapping mapping -> mapping.entries().size();
      case Node.Alias ignored -> 0;
      case Node.Scalar ignored -> 0;
    };
  }

  private static int start(Node parent, int i) {
    return parent instanceof Node.Sequence sequence
        ? sequence.items().get(i).start()
        : ((Node.Mapping) parent).entries().get(i).key().start();
  }

  private int end(Node parent, int i) {
    return layout.textEnd(
        parent instanceof Node.Sequence sequence
            ? sequence.items().get(i)
            : ((Node.Mapping) parent).entries().get(i).value());
  }

  String applied() {
    List<Edit> all = new ArrayList<>(joinedRemovals());
    insertions.stream()
        .sorted(Comparator.comparingInt(Edit::start).thenComparing(Edit::depth, (a, b) -> b - a))
        .forEach(all::add);
    all.sort(Comparator.comparingInt(Edit::start));
    StringBuilder edited = new StringBuilder();
    int at = 0;
    for (Edit edit : all) {
      layout.append(edited, at, Math.max(at, edit.start()));
      edited.append(edit.inserted());
      at = Math.max(at, edit.end());
    }
    layout.append(edited, at, layout.length());
    return edited.toString();
  }

  /// What is removed up to the end of a text whose last line has no end takes the end of the line before with it.
  private List<Edit> joinedRemovals() {
    List<Edit> sorted = new ArrayList<>(removals);
    sorted.sort(Comparator.comparingInt(Edit::start));
    List<Edit> joined = new ArrayList<>();
    @Nullable Edit open = null;
    for (Edit edit : sorted) {
      if (open != null && edit.start() <= open.end()) {
        open = new Edit(open.start(), Math.max(open.end(), edit.end()), "", 0);
      } else {
        if (open != null) {
          joined.add(open);
        }
        open = edit;
      }
    }
    if (open != null) {
      boolean toTheEnd = open.end() == layout.length() && !layout.endsWithLineBreak();
      int start = toTheEnd ? layout.endOfLineBefore(open.start()) : open.start();
      joined.add(new Edit(start, open.end(), "", 0));
    }
    return joined;
  }
}

package dev.pannier.inject.yaml;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A value where it stands in the text. Offsets count code points from the text's beginning; a range is
/// its first one and the one after its last. Anchors and tags are within the range.
sealed interface Node {
  int start();

  int end();

  /// From 1.
  int line();

  /// @param value null for a plain one that says nothing, a `WrittenNull` for `~` or `null`
  /// @param block whether it is a literal or folded text, whose range ends with its last line
  record Scalar(int start, int end, int line, @Nullable Object value, boolean quoted, boolean block)
      implements Node {
    /// Whether it has no character of its own.
    boolean isEmpty() {
      return start == end;
    }
  }

  /// @param target what the anchor of this name stands for
  record Alias(int start, int end, int line, Node target) implements Node {}

  /// @param flow whether it is in brackets; the range of another one ends somewhere behind its last item
  record Sequence(int start, int end, int line, boolean flow, List<Node> items) implements Node {}

  /// @param flow whether it is in braces; the range of another one ends somewhere behind its last entry
  record Mapping(int start, int end, int line, boolean flow, List<Entry> entries) implements Node {
    /// @return the entry's index; -1 where there is none of this key
    int indexOf(String key) {
      for (int i = 0; i < entries.size(); i++) {
        if (entries.get(i).isOf(key)) {
          return i;
        }
      }
      return -1;
    }
  }

  record Entry(Node key, Node value) {
    boolean isOf(String name) {
      return key instanceof Scalar scalar && name.equals(String.valueOf(scalar.value()));
    }
  }
}

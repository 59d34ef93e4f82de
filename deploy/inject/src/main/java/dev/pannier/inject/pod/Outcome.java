package dev.pannier.inject.pod;

import java.util.List;

/// What is to become of a Pod.
public sealed interface Outcome {
  /// @param changes in their order, from the Pod's root; as a JSON Patch they can be applied as they are
  /// @param notices what whoever asked for it should know
  record Changed(List<Change> changes, List<Problem> notices) implements Outcome {
    public Changed {
      changes = List.copyOf(changes);
      notices = List.copyOf(notices);
    }
  }

  /// @param reason why it stays as it is
  record Unchanged(String reason) implements Outcome {}

  /// @param problems all that is in the way
  record Refused(List<Problem> problems) implements Outcome {
    public Refused {
      problems = List.copyOf(problems);
    }
  }
}

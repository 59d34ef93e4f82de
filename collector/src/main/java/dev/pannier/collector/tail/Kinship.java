package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.SavedGeneration;

/// What a file that is not being read is to the generations that are known.
sealed interface Kinship {
  /// It has content of its own.
  record None() implements Kinship {}

  /// It may be a copy: to be looked at again.
  record Undecided() implements Kinship {}

  /// It has nothing that its original does not have.
  ///
  /// @param surely whether it stays one as long as nothing of it changes
  record Copy(boolean surely) implements Kinship {}

  /// A generation's own content is gone, and goes on in this copy.
  record Rest(SavedGeneration generation) implements Kinship {}

  Kinship NONE = new None();
  Kinship UNDECIDED = new Undecided();
}

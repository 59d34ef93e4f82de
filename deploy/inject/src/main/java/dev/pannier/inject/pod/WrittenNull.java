package dev.pannier.inject.pod;

/// A null that stands in a manifest's text, in place of a value: it comes back when what was put in its place is taken out. To
/// everything else it is nothing, as null is.
///
/// @param text `null` or `~`, as it is written
public record WrittenNull(String text) {
  @Override
  public String toString() {
    return "null";
  }
}

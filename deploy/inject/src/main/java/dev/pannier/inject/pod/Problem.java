package dev.pannier.inject.pod;

import java.util.List;

/// One thing about a Pod that is to be told.
///
/// @param path    of the value, from the Pod's root; a single step for what does not stand in the Pod
/// @param message what is wrong, with the value in brackets
public record Problem(List<String> path, String message) {
  public Problem {
    path = List.copyOf(path);
  }

  /// As it is told: `spec.containers[0].name: …`.
  @Override
  public String toString() {
    return key(path) + ": " + message;
  }

  /// A path as it is told.
  public static String key(List<String> path) {
    StringBuilder key = new StringBuilder();
    for (String step : path) {
      if (step.matches("[0-9]+")) {
        key.append('[').append(step).append(']');
      } else {
        key.append(key.isEmpty() ? "" : ".").append(step);
      }
    }
    return key.toString();
  }
}

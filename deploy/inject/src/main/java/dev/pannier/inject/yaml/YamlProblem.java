package dev.pannier.inject.yaml;

/// A text that cannot be read, or not be changed where it would have to be.
public final class YamlProblem extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int line;

  YamlProblem(int line, String message) {
    super(message);
    this.line = line;
  }

  /// From 1; 0 where there is none.
  public int line() {
    return line;
  }

  /// What is wrong.
  public String what() {
    return String.valueOf(getMessage());
  }
}

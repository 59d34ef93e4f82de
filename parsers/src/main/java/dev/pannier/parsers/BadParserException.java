package dev.pannier.parsers;

/// A parser cannot be made; the message says what is wrong in its pattern, and where.
public final class BadParserException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public BadParserException(String message) {
    super(message);
  }
}

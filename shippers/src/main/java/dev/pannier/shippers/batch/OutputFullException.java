package dev.pannier.shippers.batch;

/// What is written takes more than it may ([ByteOutput#limit]).
public final class OutputFullException extends RuntimeException {
  private static final long serialVersionUID = 1;

  OutputFullException(int mostBytes) {
    super("more than " + mostBytes + " bytes", null, false, false);
  }
}

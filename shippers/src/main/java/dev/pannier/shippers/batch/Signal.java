package dev.pannier.shippers.batch;

/// OTLP's signals.
public enum Signal {
  LOGS("logs"),
  TRACES("traces"),
  METRICS("metrics");

  private final String label;

  Signal(String label) {
    this.label = label;
  }

  /// As written in configuration, metrics and OTLP/HTTP's path (`/v1/logs`).
  public String label() {
    return label;
  }
}

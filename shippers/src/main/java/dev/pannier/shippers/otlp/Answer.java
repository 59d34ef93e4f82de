package dev.pannier.shippers.otlp;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.ExportResponse;

/// What a backend answered.
///
/// @param noService whether there is no such service at that address: nothing about the data
record Answer(Outcome outcome, boolean noService) {
  static Answer of(Outcome outcome) {
    return new Answer(outcome, false);
  }

  static Answer accepted(ExportResponse response, String endpoint, String message) {
    if (response.rejected() > 0) {
      String reason = endpoint + " refused " + response.rejected() + " records: " + message;
      return of(new Outcome.PartlyAccepted(response.rejected(), reason));
    }
    // With nothing rejected a message is a warning (OTLP, "Partial Success").
    return of(
        message.isEmpty()
            ? Outcome.ACCEPTED
            : new Outcome.PartlyAccepted(0, endpoint + " warns: " + message));
  }

  static Answer retry(String reason, long afterNanos) {
    return of(new Outcome.Retryable(reason, afterNanos, null));
  }

  /// The backend has said that it took nothing, or was not reached.
  static Answer untouched(String reason, long afterNanos) {
    return of(new Outcome.Retryable(reason, afterNanos, null).asUntouched());
  }

  static Answer permanent(String reason) {
    return of(new Outcome.Permanent(reason));
  }

  static Answer tooLarge(String reason) {
    return of(new Outcome.TooLarge(0, reason, null));
  }
}

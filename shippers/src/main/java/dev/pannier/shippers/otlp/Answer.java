package dev.pannier.shippers.otlp;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.ExportResponse;

/// What a backend, or whoever is at its address, answered.
///
/// @param outcome   for the batch. A `Permanent` is one where the backend has spoken; where another
///     may have, [Verdicts] finds out
/// @param speaker   who has spoken
/// @param untouched whether nothing was stored, whoever has spoken
record Answer(Outcome outcome, Speaker speaker, boolean untouched) {
  enum Speaker {
    /// The backend, in a form that OTLP or gRPC leaves to it.
    BACKEND,
    /// A backend, or a proxy: it is no form of OTLP's, but some backends tell so what is wrong with data.
    UNSURE,
    /// Somebody who knows nothing of OTLP.
    PAGE,
    /// There is no such service at that address.
    NO_SERVICE
  }

  static Answer of(Outcome outcome) {
    return new Answer(outcome, Speaker.BACKEND, false);
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

  /// We are sent elsewhere, or what is there speaks another language.
  static Answer elsewhere(String reason) {
    Outcome.Retryable retry = new Outcome.Retryable(reason, 0, null).asUntouched();
    return new Answer(retry, Speaker.NO_SERVICE, true);
  }

  static Answer permanent(String reason) {
    return of(new Outcome.Permanent(reason));
  }

  /// A refusal by somebody who need not have looked at the data.
  static Answer doubtful(String reason, Speaker speaker, boolean untouched) {
    return new Answer(new Outcome.Permanent(reason), speaker, untouched);
  }

  static Answer tooLarge(String reason) {
    return of(new Outcome.TooLarge(0, reason, null));
  }

  boolean noService() {
    return speaker == Speaker.NO_SERVICE;
  }

  /// Whether it is a refusal that need not be the backend's.
  boolean isDoubtful() {
    return outcome instanceof Outcome.Permanent && speaker != Speaker.BACKEND;
  }

  /// Whether it is the answer of a backend that has taken the request, or has looked at it.
  boolean isTheBackends() {
    return switch (outcome) {
      case Outcome.Accepted _, Outcome.PartlyAccepted _ -> true;
      case Outcome.Permanent _ -> speaker == Speaker.BACKEND;
      case Outcome.Retryable _, Outcome.TooLarge _, Outcome.Missing _ -> false;
    };
  }

  boolean isTaken() {
    return outcome instanceof Outcome.Accepted || outcome instanceof Outcome.PartlyAccepted;
  }

  /// Of a refusal: what it is where it was not the backend's word on the data.
  Outcome again() {
    return again(noService() ? "" : " (is it the backend that answers there, or a proxy?)");
  }

  /// @param hint behind the reason
  Outcome again(String hint) {
    if (!(outcome instanceof Outcome.Permanent(String reason))) {
      return outcome;
    }
    Outcome.Retryable retry = new Outcome.Retryable(reason + hint, 0, null);
    return untouched ? retry.asUntouched() : retry;
  }
}

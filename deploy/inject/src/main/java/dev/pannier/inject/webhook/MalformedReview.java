package dev.pannier.inject.webhook;

import java.io.Serial;

/// What was sent is no review.
final class MalformedReview extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  MalformedReview(String message) {
    super(message);
  }
}

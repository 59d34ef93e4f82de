package dev.pannier.collector.http;

/// An HTTP/1.1 request that cannot be read on: it is answered and the connection closed. Has no
/// stack trace, since a client can cause any number.
@SuppressWarnings("serial")
final class BadRequest extends Exception {
  /// The status for a client that speaks something else: an answer in HTTP/1.1 would puzzle it, an
  /// HTTP/2 client with a broken preface above all (RFC 9113, section 3.4).
  static final int NO_ANSWER = 0;

  final int status;
  final String reason;

  BadRequest(int status, String reason) {
    super(reason, null, false, false);
    this.status = status;
    this.reason = reason;
  }
}

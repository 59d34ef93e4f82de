package dev.pannier.collector.http;

/// An error of the whole HTTP/2 connection, which ends in a GOAWAY. Has no stack trace, since a
/// client can cause any number.
@SuppressWarnings("serial")
final class Http2Error extends Exception {
  final ErrorCode code;

  /// @param reason goes to the client as the frame's debug data
  Http2Error(ErrorCode code, String reason) {
    super(reason, null, false, false);
    this.code = code;
  }
}

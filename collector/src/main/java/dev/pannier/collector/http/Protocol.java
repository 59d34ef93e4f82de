package dev.pannier.collector.http;

import java.nio.ByteBuffer;

/// What a connection speaks: [Http1Protocol] or [Http2Protocol].
interface Protocol {
  /// Bytes from the client. All are consumed.
  void received(ByteBuffer in, long nowNanos);

  /// How many bytes it can take now; 0 for none.
  int wantedBytes();

  /// The client sends no more.
  ///
  /// @return whether it may still read an answer that is on its way
  boolean inputEnded();

  /// An exchange of this connection was answered.
  void answered(Exchange exchange, long nowNanos);

  /// The output has room again.
  void writable(long nowNanos);

  /// Looks after time limits.
  void tick(long nowNanos);

  /// Takes no new requests, finishes those under way, then closes.
  void shutDown(long nowNanos);

  /// The connection is gone: lets go of everything.
  void abandon();

  /// Whether a request is on its way in or waits for its answer.
  boolean isBusy();

  /// Whether the client has asked nothing yet, or only a part has come of what it asks next: a request's head, a frame.
  boolean isBeginning();

  /// Whether a request has begun since the connection did.
  boolean hasAsked();

  /// How long there has been no request, or none but one that [#isBeginning]; -1 where there is another.
  long idleNanos(long nowNanos);
}

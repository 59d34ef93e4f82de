package dev.pannier.collector.http;

/// The streams that were closed last, and by whom: frames that were on their way when the server
/// closed a stream are read over, those that a client sends on a stream that it closed itself are
/// errors (RFC 9113, section 5.1).
final class ClosedStreams {
  /// A multiple of what may be open at once.
  private static final int REMEMBERED = 256;

  /// A stream's id; negative where the server closed it.
  private final int[] ids = new int[REMEMBERED];

  private int next;

  void add(int stream, boolean byServer) {
    ids[next] = byServer ? -stream : stream;
    next = (next + 1) % REMEMBERED;
  }

  boolean closedByServer(int stream) {
    return contains(-stream);
  }

  boolean closedByClient(int stream) {
    return contains(stream);
  }

  private boolean contains(int id) {
    for (int each : ids) {
      if (each == id) {
        return true;
      }
    }
    return false;
  }
}

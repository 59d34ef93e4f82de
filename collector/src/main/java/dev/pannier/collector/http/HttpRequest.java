package dev.pannier.collector.http;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// A complete request. Used on the server's thread; who takes the body over may read it anywhere.
public final class HttpRequest {
  /// What a gRPC message has before it: compressed (1 byte), length (4 bytes, big-endian).
  public static final int GRPC_PREFIX = 5;

  private static final byte[] NO_BODY = {};

  private final String method;
  private final String path;
  private final String query;
  private final Headers headers;
  private final InetAddress client;
  private byte[] body = NO_BODY;
  private int bodyLength;
  private long reservedBytes;
  private byte @Nullable [] grpcPrefix;

  /// @param target path and query as sent: `/status?pretty`
  /// @param client the other end of the connection
  public HttpRequest(String method, String target, Headers headers, InetAddress client) {
    int question = target.indexOf('?');
    this.method = method;
    this.path = question < 0 ? target : target.substring(0, question);
    this.query = question < 0 ? "" : target.substring(question + 1);
    this.headers = headers;
    this.client = client;
  }

  /// @param reservedBytes what its memory budget holds for the body
  public void body(byte[] body, int bodyLength, long reservedBytes) {
    this.body = body;
    this.bodyLength = bodyLength;
    this.reservedBytes = reservedBytes;
  }

  /// Says that the prefix of its only gRPC message came before the body.
  void grpcPrefix(byte[] prefix) {
    grpcPrefix = prefix;
  }

  /// The prefix of a gRPC message, where the body is what came behind it; null where the body
  /// begins with whatever came first.
  public byte @Nullable [] grpcPrefix() {
    return grpcPrefix;
  }

  /// The message's length as its prefix has it.
  public static long grpcLength(byte[] prefix) {
    long length = 0;
    for (int i = 1; i < GRPC_PREFIX; i++) {
      length = length << 8 | (prefix[i] & 0xff);
    }
    return length;
  }

  /// As sent: `GET`.
  public String method() {
    return method;
  }

  /// Without the query, not decoded.
  public String path() {
    return path;
  }

  /// What follows the question mark, not decoded; empty where there is none.
  public String query() {
    return query;
  }

  public Headers headers() {
    return headers;
  }

  /// The value of the first header of this name (in lower case).
  public @Nullable String header(String name) {
    return headers.first(name);
  }

  public InetAddress client() {
    return client;
  }

  /// Holds the body in `[0, bodyLength)`, still encoded as `content-encoding` says.
  public byte[] body() {
    return body;
  }

  public int bodyLength() {
    return bodyLength;
  }

  /// Takes over the body's memory: from here on the caller releases it, and the request, which lives
  /// until it is answered, has no body.
  ///
  /// @return the bytes that are reserved for it in the endpoint's memory budget
  public long takeBody() {
    long taken = reservedBytes;
    reservedBytes = 0;
    body = NO_BODY;
    bodyLength = 0;
    return taken;
  }
}

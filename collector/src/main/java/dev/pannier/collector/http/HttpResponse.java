package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.UTF_8;

/// An answer. The server adds `content-length` and what the connection needs; no `date`, since the
/// server has no clock of the day (RFC 9110, section 6.6.1).
///
/// @param status   200 to 599
/// @param body     not to be changed any more
/// @param trailers sent after the body in HTTP/2; dropped in HTTP/1.1
public record HttpResponse(int status, Headers headers, byte[] body, Headers trailers) {
  private static final byte[] NO_BODY = {};

  public static HttpResponse of(int status, String contentType, byte[] body) {
    return new HttpResponse(status, Headers.of("content-type", contentType), body, Headers.NONE);
  }

  public static HttpResponse text(int status, String body) {
    return of(status, "text/plain; charset=utf-8", body.getBytes(UTF_8));
  }

  public static HttpResponse empty(int status, String... headers) {
    return new HttpResponse(status, Headers.of(headers), NO_BODY, Headers.NONE);
  }
}

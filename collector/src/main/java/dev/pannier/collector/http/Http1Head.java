package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The head of an HTTP/1.x request: request line and fields (RFC 9112, sections 3 and 5), read
/// strictly, since two readings of one message are how requests are smuggled.
///
/// @param target        path and query
/// @param keepAlive     whether the connection may be used again
/// @param expects       whether the client waits for `100 Continue`
/// @param chunked       whether the body comes in chunks
/// @param contentLength the body's bytes; 0 where there is no body, or it comes in chunks
record Http1Head(
    String method,
    String target,
    Headers headers,
    boolean keepAlive,
    boolean expects,
    boolean chunked,
    long contentLength) {

  /// @param bytes the head in `[0, length)`, with the empty line at its end
  static Http1Head parse(byte[] bytes, int length, int maxHeaders) throws BadRequest {
    int lineEnd = lineEnd(bytes, 0, length);
    String line = new String(bytes, 0, lineEnd, ISO_8859_1);
    int first = line.indexOf(' ');
    int last = line.lastIndexOf(' ');
    if (!line.contains(" HTTP/")) {
      throw new BadRequest(BadRequest.NO_ANSWER, "this is not HTTP");
    }
    if (first <= 0 || first == last) {
      throw new BadRequest(400, "the request line is not METHOD TARGET VERSION");
    }
    String method = line.substring(0, first);
    String version = line.substring(last + 1);
    if (!Tokens.isToken(method)) {
      throw new BadRequest(400, "the method is no token");
    }
    boolean http11 = version.equals("HTTP/1.1");
    if (!http11 && !version.equals("HTTP/1.0")) {
      boolean other = version.matches("HTTP/[0-9]\\.[0-9]");
      throw new BadRequest(other ? 505 : 400, "the version is not HTTP/1.1");
    }
    String target = originForm(line.substring(first + 1, last));
    List<String> fields = fields(bytes, lineEnd + 2, length, maxHeaders);
    return withFields(method, target, fields, http11);
  }

  private static Http1Head withFields(
      String method, String target, List<String> fields, boolean http11) throws BadRequest {
    int hosts = 0;
    long contentLength = -1;
    boolean chunked = false;
    boolean expects = false;
    boolean close = !http11;
    for (int i = 0; i < fields.size(); i += 2) {
      String value = fields.get(i + 1);
      switch (fields.get(i)) {
        case "host" -> hosts++;
        case "content-length" -> {
          if (contentLength >= 0) {
            throw new BadRequest(400, "content-length occurs twice");
          }
          contentLength = Tokens.decimal(value);
          if (contentLength < 0) {
            throw new BadRequest(400, "content-length is no number");
          }
        }
        case "transfer-encoding" -> {
          if (chunked || !http11) {
            throw new BadRequest(400, "transfer-encoding occurs twice, or in HTTP/1.0");
          }
          if (!value.equalsIgnoreCase("chunked")) {
            throw new BadRequest(501, "transfer-encoding is not chunked");
          }
          chunked = true;
        }
        case "connection" -> close |= names(value, "close");
        case "expect" -> {
          if (!value.equalsIgnoreCase("100-continue")) {
            throw new BadRequest(417, "expect is not 100-continue");
          }
          expects = http11;
        }
        default -> {}
      }
    }
    if (hosts > 1 || (http11 && hosts == 0)) {
      throw new BadRequest(400, "host occurs " + hosts + " times");
    }
    if (chunked && contentLength >= 0) {
      throw new BadRequest(400, "content-length and transfer-encoding together");
    }
    Headers headers = new Headers(fields.toArray(new String[0]));
    return new Http1Head(
        method, target, headers, !close, expects, chunked, Math.max(0, contentLength));
  }

  /// Path and query of a target, which may be absolute (`http://host/path`) or `*`.
  private static String originForm(String target) throws BadRequest {
    if (!Tokens.isTarget(target)) {
      throw new BadRequest(400, "the target has other than visible characters");
    }
    if (target.startsWith("/") || target.equals("*")) {
      return target;
    }
    int authority = target.indexOf("://");
    if (authority <= 0) {
      throw new BadRequest(400, "the target is no path");
    }
    int path = target.indexOf('/', authority + 3);
    return path < 0 ? "/" : target.substring(path);
  }

  private static List<String> fields(byte[] bytes, int offset, int length, int maxHeaders)
      throws BadRequest {
    List<String> fields = new ArrayList<>(24);
    int start = offset;
    while (true) {
      int end = lineEnd(bytes, start, length);
      if (end == start) {
        return fields;
      }
      if (fields.size() == 2 * maxHeaders) {
        throw new BadRequest(431, "more than " + maxHeaders + " fields");
      }
      String line = new String(bytes, start, end - start, ISO_8859_1);
      int colon = line.indexOf(':');
      if (colon < 0 || !Tokens.isToken(line.substring(0, colon))) {
        throw new BadRequest(400, "a field is not NAME: VALUE");
      }
      String value = line.substring(colon + 1).strip();
      if (!Tokens.isFieldValue(value)) {
        throw new BadRequest(400, "a field's value has control characters");
      }
      fields.add(line.substring(0, colon).toLowerCase(Locale.ROOT));
      fields.add(value);
      start = end + 2;
    }
  }

  /// Where the line's CR LF begins.
  private static int lineEnd(byte[] bytes, int offset, int length) throws BadRequest {
    int end = offset;
    while (end < length && bytes[end] != '\n') {
      end++;
    }
    if (end == length || end == offset || bytes[end - 1] != '\r') {
      throw new BadRequest(400, "a line does not end in CR LF");
    }
    return end - 1;
  }

  private static boolean names(String list, String option) {
    for (String item : list.split(",", -1)) {
      if (item.strip().equalsIgnoreCase(option)) {
        return true;
      }
    }
    return false;
  }
}

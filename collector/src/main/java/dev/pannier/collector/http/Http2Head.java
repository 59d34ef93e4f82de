package dev.pannier.collector.http;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The fields of an HTTP/2 request (RFC 9113, section 8).
///
/// @param contentLength -1 where it is not said
/// @param expects       whether the client waits for status 100
/// @param grpc          whether the body begins with gRPC's length prefix
record Http2Head(HttpRequest request, long contentLength, boolean expects, boolean grpc) {

  /// @param fields name, value, name, value
  /// @return null where the request is malformed (section 8.1.1)
  static @Nullable Http2Head parse(List<String> fields, InetAddress client) {
    String method = null;
    String scheme = null;
    String path = null;
    String authority = null;
    long contentLength = -1;
    boolean expects = false;
    List<String> regular = new ArrayList<>(fields.size());
    for (int i = 0; i < fields.size(); i += 2) {
      String name = fields.get(i);
      String value = fields.get(i + 1);
      if (name.startsWith(":")) {
        String before;
        switch (name) {
          case ":method" -> {
            before = method;
            method = value;
          }
          case ":scheme" -> {
            before = scheme;
            scheme = value;
          }
          case ":path" -> {
            before = path;
            path = value;
          }
          case ":authority" -> {
            before = authority;
            authority = value;
          }
          default -> {
            return null;
          }
        }
        if (before != null || !regular.isEmpty()) {
          return null;
        }
      } else {
        if (!isRegular(name, value)) {
          return null;
        }
        regular.add(name);
        regular.add(value);
        switch (name) {
          case "content-length" -> {
            long length = Tokens.decimal(value);
            if (length < 0 || (contentLength >= 0 && contentLength != length)) {
              return null;
            }
            contentLength = length;
          }
          case "expect" -> expects = value.equalsIgnoreCase("100-continue");
          default -> {}
        }
      }
    }
    if (method == null || !Tokens.isToken(method) || scheme == null || path == null) {
      return null;
    }
    if (!Tokens.isTarget(path) || !(path.startsWith("/") || path.equals("*"))) {
      return null;
    }
    Headers headers = new Headers(regular.toArray(new String[0]));
    HttpRequest request = new HttpRequest(method, path, headers, client);
    // As whoever handles the request has it, where there are two.
    String contentType = headers.first("content-type");
    boolean grpc = contentType != null && contentType.startsWith("application/grpc");
    return new Http2Head(request, contentLength, expects, grpc);
  }

  /// Whether trailers are well-formed: regular fields alone.
  static boolean areTrailers(List<String> fields) {
    for (int i = 0; i < fields.size(); i += 2) {
      if (!isRegular(fields.get(i), fields.get(i + 1))) {
        return false;
      }
    }
    return true;
  }

  /// Sections 8.2.1 and 8.2.2: lower-case name, no control characters, no spaces around the value,
  /// nothing that is about an HTTP/1.1 connection.
  private static boolean isRegular(String name, String value) {
    if (!Tokens.isToken(name) || !Tokens.isFieldValue(value)) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) >= 'A' && name.charAt(i) <= 'Z') {
        return false;
      }
    }
    if (!value.isEmpty() && (value.charAt(0) <= ' ' || value.charAt(value.length() - 1) <= ' ')) {
      return false;
    }
    return switch (name) {
      case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade" -> false;
      case "te" -> value.equals("trailers");
      default -> true;
    };
  }
}

package dev.pannier.collector.process;

/// JSON Web Tokens in compact form (RFC 7519; RFC 7515, section 7.1): base64url parts with dots
/// between, the first of which begins with `eyJ`, which is `{"` and the start of a name.
///
/// ```
///   eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.         header . payload . signature (may be empty)
///   header . key . vector . text . tag           the encrypted form, RFC 7516
/// ```
final class JsonWebTokens implements SecretPattern {
  private static final int MOST_PARTS = 5;

  @Override
  public long find(byte[] bytes, int start, int from, int end) {
    int at = from;
    while (at + 3 <= end) {
      // The third byte says how far the next `eyJ` is at least.
      byte third = bytes[at + 2];
      if (third == 'J') {
        if (bytes[at] == 'e'
            && bytes[at + 1] == 'y'
            && (at == start || !isBase64Url(bytes[at - 1]))) {
          int tokenEnd = tokenEnd(bytes, at, end);
          if (tokenEnd >= 0) {
            return SecretPattern.match(at, tokenEnd);
          }
        }
        at += 3;
      } else {
        at += third == 'y' ? 1 : third == 'e' ? 2 : 3;
      }
    }
    return NONE;
  }

  private static int tokenEnd(byte[] bytes, int first, int end) {
    int at = first;
    for (int part = 1; ; part++) {
      int partStart = at;
      while (at < end && isBase64Url(bytes[at])) {
        at++;
      }
      boolean more = at < end && bytes[at] == '.';
      if (part < 3) {
        if (!more || (part == 2 && at == partStart)) {
          return -1;
        }
      } else if (!more || part == MOST_PARTS || at + 1 == end || !isBase64Url(bytes[at + 1])) {
        return at;
      }
      at++;
    }
  }

  private static boolean isBase64Url(byte b) {
    return (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || (b >= '0' && b <= '9')
        || b == '-'
        || b == '_';
  }
}

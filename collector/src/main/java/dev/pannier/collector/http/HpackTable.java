package dev.pannier.collector.http;

import java.util.Arrays;

/// The static table (RFC 7541, Appendix A) at the indexes 1 to 61, and behind it the dynamic
/// table, newest entry first.
final class HpackTable {
  static final int DEFAULT_MAX_BYTES = 4096;

  /// name, value, of index 1, 2, 3 …
  private static final String[] STATIC = {
    ":authority",
    "",
    ":method",
    "GET",
    ":method",
    "POST",
    ":path",
    "/",
    ":path",
    "/index.html",
    ":scheme",
    "http",
    ":scheme",
    "https",
    ":status",
    "200",
    ":status",
    "204",
    ":status",
    "206",
    ":status",
    "304",
    ":status",
    "400",
    ":status",
    "404",
    ":status",
    "500",
    "accept-charset",
    "",
    "accept-encoding",
    "gzip, deflate",
    "accept-language",
    "",
    "accept-ranges",
    "",
    "accept",
    "",
    "access-control-allow-origin",
    "",
    "age",
    "",
    "allow",
    "",
    "authorization",
    "",
    "cache-control",
    "",
    "content-disposition",
    "",
    "content-encoding",
    "",
    "content-language",
    "",
    "content-length",
    "",
    "content-location",
    "",
    "content-range",
    "",
    "content-type",
    "",
    "cookie",
    "",
    "date",
    "",
    "etag",
    "",
    "expect",
    "",
    "expires",
    "",
    "from",
    "",
    "host",
    "",
    "if-match",
    "",
    "if-modified-since",
    "",
    "if-none-match",
    "",
    "if-range",
    "",
    "if-unmodified-since",
    "",
    "last-modified",
    "",
    "link",
    "",
    "location",
    "",
    "max-forwards",
    "",
    "proxy-authenticate",
    "",
    "proxy-authorization",
    "",
    "range",
    "",
    "referer",
    "",
    "refresh",
    "",
    "retry-after",
    "",
    "server",
    "",
    "set-cookie",
    "",
    "strict-transport-security",
    "",
    "transfer-encoding",
    "",
    "user-agent",
    "",
    "vary",
    "",
    "via",
    "",
    "www-authenticate",
    ""
  };

  private static final int STATIC_SIZE = STATIC.length / 2;

  /// What an entry costs besides its name and value (RFC 7541, section 4.1).
  static final int ENTRY_OVERHEAD = 32;

  /// name, value; a ring whose newest entry is at `newest`
  private String[] ring = {};

  private int newest;
  private int entries;
  private int bytes;
  private int maxBytes = DEFAULT_MAX_BYTES;

  /// The index of the first static entry of this name, 0 where there is none.
  static int staticIndex(String name) {
    for (int i = 0; i < STATIC.length; i += 2) {
      if (STATIC[i].equals(name)) {
        return i / 2 + 1;
      }
    }
    return 0;
  }

  boolean holds(int index) {
    return index >= 1 && index <= STATIC_SIZE + entries;
  }

  String name(int index) {
    return index <= STATIC_SIZE ? STATIC[2 * index - 2] : ring[slot(index)];
  }

  String value(int index) {
    return index <= STATIC_SIZE ? STATIC[2 * index - 1] : ring[slot(index) + 1];
  }

  void add(String name, String value) {
    int size = name.length() + value.length() + ENTRY_OVERHEAD;
    shrink(maxBytes - size);
    if (size > maxBytes) {
      return; // an entry larger than the table empties it (section 4.4)
    }
    if (2 * entries == ring.length) {
      grow();
    }
    newest = (newest + 2) % ring.length;
    ring[newest] = name;
    ring[newest + 1] = value;
    entries++;
    bytes += size;
  }

  void maxBytes(int newMaxBytes) {
    maxBytes = newMaxBytes;
    shrink(newMaxBytes);
  }

  int bytes() {
    return bytes;
  }

  int entries() {
    return entries;
  }

  private int slot(int index) {
    return Math.floorMod(newest - 2 * (index - STATIC_SIZE - 1), ring.length);
  }

  private void shrink(int room) {
    while (bytes > Math.max(room, 0)) {
      int oldest = slot(STATIC_SIZE + entries);
      bytes -= ring[oldest].length() + ring[oldest + 1].length() + ENTRY_OVERHEAD;
      ring[oldest] = "";
      ring[oldest + 1] = "";
      entries--;
    }
  }

  private void grow() {
    String[] larger = new String[Math.max(16, 2 * ring.length)];
    for (int i = 0; i < entries; i++) {
      int slot = slot(STATIC_SIZE + entries - i);
      larger[2 * i] = ring[slot];
      larger[2 * i + 1] = ring[slot + 1];
    }
    Arrays.fill(larger, 2 * entries, larger.length, "");
    newest = entries == 0 ? larger.length - 2 : 2 * entries - 2;
    ring = larger;
  }
}

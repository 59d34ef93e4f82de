package dev.pannier.collector.http;

/// Encodes header blocks (RFC 7541) with the static table alone: no entry is ever added to the
/// client's dynamic table, whose size the first block of a connection sets to 0, so that no later
/// setting of the client has to be followed.
final class HpackEncoder {
  private static final int STATUS_INDEX = 8;

  /// The values of `:status` that the static table has, from [#STATUS_INDEX] on.
  private static final int[] STATUSES = {200, 204, 206, 304, 400, 404, 500};

  private boolean begun;

  /// Begins the header block of a response.
  void status(Output out, int status) {
    if (!begun) {
      out.put(0x20);
      begun = true;
    }
    for (int i = 0; i < STATUSES.length; i++) {
      if (STATUSES[i] == status) {
        out.put(0x80 | (STATUS_INDEX + i));
        return;
      }
    }
    out.put(STATUS_INDEX);
    string(out, Integer.toString(status));
  }

  void field(Output out, String name, String value) {
    int index = HpackTable.staticIndex(name);
    integer(out, 4, 0, index);
    if (index == 0) {
      string(out, name);
    }
    string(out, value);
  }

  private static void string(Output out, String value) {
    integer(out, 7, 0, value.length());
    out.put(value);
  }

  private static void integer(Output out, int prefixBits, int flags, int value) {
    int mask = (1 << prefixBits) - 1;
    if (value < mask) {
      out.put(flags | value);
      return;
    }
    out.put(flags | mask);
    int rest = value - mask;
    while (rest >= 0x80) {
      out.put((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.put(rest);
  }
}

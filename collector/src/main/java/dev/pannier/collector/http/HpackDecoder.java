package dev.pannier.collector.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Decodes header blocks (RFC 7541) of one connection. One thread.
final class HpackDecoder {
  private final HpackTable table = new HpackTable();
  private final int maxListBytes;

  private byte[] in = {};
  private int next;
  private int end;

  private boolean tooLarge;

  /// @param maxListBytes names, values and 32 bytes a field: what is beyond is decoded, since the
  ///     table depends on it, and forgotten
  HpackDecoder(int maxListBytes) {
    this.maxListBytes = maxListBytes;
  }

  /// Whether the fields of the last block were more than `maxListBytes`.
  boolean tooLarge() {
    return tooLarge;
  }

  HpackTable table() {
    return table;
  }

  /// @return name, value, name, value; null where the block is broken, and the connection with it
  @Nullable List<String> decode(byte[] block, int offset, int length) {
    in = block;
    next = offset;
    end = offset + length;
    tooLarge = false;
    List<String> fields = new ArrayList<>(32);
    int listBytes = 0;
    boolean sizeMayChange = true;
    while (next < end) {
      int first = in[next] & 0xff;
      String name;
      String value;
      if (first >= 0x80) {
        // 1iiiiiii: indexed field
        int index = integer(7);
        if (index < 0 || !table.holds(index)) {
          return null;
        }
        name = table.name(index);
        value = table.value(index);
      } else if (first >= 0x20 && first < 0x40) {
        // 001sssss: the dynamic table's size, only in front of the first field
        int size = integer(5);
        if (!sizeMayChange || size < 0 || size > HpackTable.DEFAULT_MAX_BYTES) {
          return null;
        }
        table.maxBytes(size);
        continue;
      } else {
        // 01iiiiii: literal, to be indexed; 0000iiii and 0001iiii: literal
        boolean indexed = first >= 0x40;
        int index = integer(indexed ? 6 : 4);
        if (index < 0 || (index > 0 && !table.holds(index))) {
          return null;
        }
        String literalName = index > 0 ? table.name(index) : string();
        String literalValue = literalName == null ? null : string();
        if (literalName == null || literalValue == null) {
          return null;
        }
        name = literalName;
        value = literalValue;
        if (indexed) {
          table.add(name, value);
        }
      }
      sizeMayChange = false;
      listBytes += name.length() + value.length() + HpackTable.ENTRY_OVERHEAD;
      if (listBytes > maxListBytes) {
        tooLarge = true;
        listBytes = maxListBytes; // no overflow, however many there are
      } else {
        fields.add(name);
        fields.add(value);
      }
    }
    return fields;
  }

  /// An integer with a prefix of so many bits (section 5.1); -1 where it is broken or above 2^21.
  private int integer(int prefixBits) {
    int mask = (1 << prefixBits) - 1;
    int value = in[next++] & mask;
    if (value < mask) {
      return value;
    }
    for (int shift = 0; shift <= 14; shift += 7) {
      if (next == end) {
        return -1;
      }
      int more = in[next++];
      value += (more & 0x7f) << shift;
      if (more >= 0) {
        return value;
      }
    }
    return -1;
  }

  private @Nullable String string() {
    if (next == end) {
      return null;
    }
    boolean huffman = in[next] < 0;
    int length = integer(7);
    if (length < 0 || length > end - next) {
      return null;
    }
    int offset = next;
    next += length;
    if (!huffman) {
      return new String(in, offset, length, ISO_8859_1);
    }
    byte[] decoded = new byte[length * 8 / 5 + 1];
    int decodedLength = Huffman.decode(in, offset, length, decoded);
    return decodedLength < 0 ? null : new String(decoded, 0, decodedLength, ISO_8859_1);
  }
}

package dev.pannier.inject.certificate;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/// The few of ASN.1's values that certificates and keys are made of, in their distinguished encoding (X.690): a tag, a length, a
/// content.
final class Der {
  static final byte[] TRUE = {0x01, 0x01, (byte) 0xFF};
  static final byte[] NULL = {0x05, 0x00};

  private static final int SEQUENCE = 0x30;
  private static final int SET = 0x31;
  private static final int CONSTRUCTED = 0xA0;
  private static final int PRIMITIVE = 0x80;

  /// From here on years have four digits (RFC 5280, 4.1.2.5).
  private static final int FIRST_GENERALIZED_YEAR = 2050;

  private static final DateTimeFormatter UTC_TIME =
      DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter GENERALIZED_TIME =
      DateTimeFormatter.ofPattern("uuuuMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  private Der() {}

  static byte[] sequence(byte[]... elements) {
    return value(SEQUENCE, elements);
  }

  static byte[] set(byte[]... elements) {
    return value(SET, elements);
  }

  static byte[] integer(BigInteger number) {
    return value(0x02, number.toByteArray());
  }

  /// @param unused how many of the last bits do not count
  static byte[] bitString(int unused, byte... bits) {
    return value(0x03, new byte[] {(byte) unused}, bits);
  }

  static byte[] octetString(byte[] content) {
    return value(0x04, content);
  }

  /// @param dotted as it is written: `2.5.29.17`
  static byte[] objectIdentifier(String dotted) {
    String[] arcs = dotted.split("\\.", -1);
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.write(Integer.parseInt(arcs[0]) * 40 + Integer.parseInt(arcs[1]));
    for (String arc : Arrays.asList(arcs).subList(2, arcs.length)) {
      int number = Integer.parseInt(arc);
      for (int shift = 28; shift >= 0; shift -= 7) {
        int digit = (number >>> shift) & 0x7F;
        if (shift == 0) {
          content.write(digit);
        } else if (number >>> shift != 0) {
          content.write(digit | 0x80);
        }
      }
    }
    return value(0x06, content.toByteArray());
  }

  static byte[] utf8(String text) {
    return value(0x0C, text.getBytes(UTF_8));
  }

  /// To the second.
  static byte[] time(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC).getYear() < FIRST_GENERALIZED_YEAR
        ? value(0x17, UTC_TIME.format(instant).getBytes(US_ASCII))
        : value(0x18, GENERALIZED_TIME.format(instant).getBytes(US_ASCII));
  }

  /// A value under a tag of its context.
  static byte[] explicit(int number, byte[] value) {
    return value(CONSTRUCTED | number, value);
  }

  /// A content under a tag of its context, in place of its own.
  static byte[] implicit(int number, byte[] content) {
    return value(PRIMITIVE | number, content);
  }

  private static byte[] value(int tag, byte[]... contents) {
    int length = 0;
    for (byte[] content : contents) {
      length += content.length;
    }
    ByteArrayOutputStream value = new ByteArrayOutputStream(length + 6);
    value.write(tag);
    if (length < 0x80) {
      value.write(length);
    } else {
      byte[] digits = BigInteger.valueOf(length).toByteArray();
      int from = digits[0] == 0 ? 1 : 0;
      value.write(0x80 | (digits.length - from));
      value.write(digits, from, digits.length - from);
    }
    for (byte[] content : contents) {
      value.writeBytes(content);
    }
    return value.toByteArray();
  }

  /// The first element of a sequence, with its tag and length.
  ///
  /// @throws IllegalArgumentException where it is none
  static byte[] first(byte[] sequence) {
    if (sequence.length < 2 || (sequence[0] & 0xFF) != SEQUENCE) {
      throw new IllegalArgumentException("is no sequence");
    }
    int start = content(sequence, 0);
    int end = content(sequence, start) + length(sequence, start);
    if (end > sequence.length) {
      throw new IllegalArgumentException("ends early");
    }
    return Arrays.copyOfRange(sequence, start, end);
  }

  /// Where the content of the value begins that begins here.
  private static int content(byte[] bytes, int at) {
    int first = byteAt(bytes, at + 1);
    return at + 2 + (first < 0x80 ? 0 : first & 0x7F);
  }

  private static int length(byte[] bytes, int at) {
    int first = byteAt(bytes, at + 1);
    if (first < 0x80) {
      return first;
    }
    int digits = first & 0x7F;
    if (digits == 0 || digits > 3) {
      throw new IllegalArgumentException("has a length of " + digits + " bytes");
    }
    int length = 0;
    for (int i = 0; i < digits; i++) {
      length = length << 8 | byteAt(bytes, at + 2 + i);
    }
    return length;
  }

  private static int byteAt(byte[] bytes, int at) {
    if (at >= bytes.length) {
      throw new IllegalArgumentException("ends early");
    }
    return bytes[at] & 0xFF;
  }
}

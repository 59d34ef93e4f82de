package dev.pannier.inject.certificate;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Binary values as text between two lines that say what they are (RFC 7468).
final class Pem {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");
  private static final int LINE = 64;

  /// @param label what it is: `CERTIFICATE`
  record Block(String label, byte[] content) {}

  private Pem() {}

  static String encode(String label, byte[] content) {
    Base64.Encoder encoder = Base64.getMimeEncoder(LINE, new byte[] {'\n'});
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(label, encoder.encodeToString(content), label);
  }

  /// All of a text, in their order; what is between them does not count.
  ///
  /// @throws IllegalArgumentException where one is not in base 64
  static List<Block> decode(byte[] text) {
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(new String(text, US_ASCII));
    while (matcher.find()) {
      byte[] content = Base64.getMimeDecoder().decode(matcher.group(2));
      blocks.add(new Block(matcher.group(1), content));
    }
    return blocks;
  }
}

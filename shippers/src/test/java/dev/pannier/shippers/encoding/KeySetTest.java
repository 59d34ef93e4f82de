package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeySetTest {
  private final KeySet keys = new KeySet();

  private static byte[] numbered(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(String.format("%06d", i));
    }
    return text.toString().getBytes(US_ASCII);
  }

  private int addAll(byte[] text) {
    int added = 0;
    for (int at = 0; at < text.length; at += 6) {
      added += keys.add(KeySet.hash(text, at, at + 6), text, at, at + 6) ? 1 : 0;
    }
    return added;
  }

  @Test
  void whatALargeObjectTookIsLeftWhenItIsEmptied() {
    byte[] many = numbered(131_072);
    byte[] few = numbered(100);
    for (int i = 0; i < 3; i++) {
      assertThat(addAll(many)).isEqualTo(131_072);
      assertThat(addAll(many)).isZero();
      assertThat(keys.slots()).isGreaterThanOrEqualTo(131_072);
      keys.clear();
      assertThat(keys.slots()).isLessThanOrEqualTo(KeySet.MOST_KEPT_SLOTS);
      assertThat(addAll(few)).isEqualTo(100);
      assertThat(addAll(few)).isZero();
      keys.clear();
    }
  }

  @Test
  void whatAnUsualObjectTookIsKept() {
    assertThat(addAll(numbered(500))).isEqualTo(500);
    int slots = keys.slots();
    keys.clear();
    assertThat(keys.slots()).isEqualTo(slots);
  }
}

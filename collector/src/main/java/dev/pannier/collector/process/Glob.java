package dev.pannier.collector.process;

import static java.nio.charset.StandardCharsets.UTF_8;

/// A glob over a whole name: `*` is any number of characters, `?` is one.
final class Glob {
  private final byte[] pattern;

  Glob(String pattern) {
    this.pattern = pattern.getBytes(UTF_8);
  }

  boolean matches(byte[] name, int start, int end) {
    int at = start;
    int p = 0;
    int starPattern = -1;
    int starAt = start;
    while (at < end) {
      if (p < pattern.length && pattern[p] == '*') {
        starPattern = p;
        starAt = at;
        p++;
      } else if (p < pattern.length && pattern[p] == '?') {
        at = nextCharacter(name, at, end);
        p++;
      } else if (p < pattern.length && pattern[p] == name[at]) {
        at++;
        p++;
      } else if (starPattern >= 0) {
        // What the last star takes grows by a character; earlier stars need not be tried again.
        starAt = nextCharacter(name, starAt, end);
        at = starAt;
        p = starPattern + 1;
      } else {
        return false;
      }
    }
    while (p < pattern.length && pattern[p] == '*') {
      p++;
    }
    return p == pattern.length;
  }

  private static int nextCharacter(byte[] name, int at, int end) {
    int next = at + 1;
    while (next < end && (name[next] & 0xC0) == 0x80) {
      next++;
    }
    return next;
  }
}

package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.batch.AnyValue;
import dev.pannier.shippers.batch.Attributes;
import dev.pannier.shippers.batch.ByteOutput;

/// The line that a log record was made of: its attribute `log.record.original` where it has one,
/// else its body. A body that is no text is written as JSON.
final class RawLine {
  static final byte[] ORIGINAL = "log.record.original".getBytes(US_ASCII);

  private final AnyValue value = new AnyValue();
  private final ValueWriter values = new ValueWriter();

  private byte[] bytes = ORIGINAL;
  private int start;
  private int end;

  /// Looks at a record; its text is `[start(), end())` of [#bytes()].
  ///
  /// @param scratch for what has to be written, and is emptied
  void of(RecordView record, ByteOutput scratch) {
    Attributes attributes = record.attributes();
    int original = attributes.find(ORIGINAL);
    if (original < 0
        || !isText(
            attributes.bytes(),
            attributes.valueStart(original),
            attributes.valueEnd(original),
            scratch)) {
      if (!isText(attributes.bytes(), record.bodyStart(), record.bodyEnd(), scratch)) {
        start = 0;
        end = 0;
      }
    }
  }

  private boolean isText(byte[] in, int from, int to, ByteOutput scratch) {
    value.over(in, from, to);
    switch (value.kind()) {
      case AnyValue.NONE -> {
        return false;
      }
      case AnyValue.STRING, AnyValue.BYTES -> {
        bytes = in;
        start = value.start();
        end = value.end();
      }
      default -> {
        scratch.truncate(0);
        values.json(in, from, to, scratch);
        bytes = scratch.bytes();
        start = 0;
        end = scratch.length();
      }
    }
    return true;
  }

  byte[] bytes() {
    return bytes;
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }
}

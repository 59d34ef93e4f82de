package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.batch.Attributes;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.FieldReader;
import dev.pannier.shippers.batch.RecordReader;

/// The line that a log record was made of: its attribute `log.record.original` where it has one,
/// else its body. A body that is no text is written as JSON.
final class RawLine {
  static final byte[] ORIGINAL = "log.record.original".getBytes(US_ASCII);
  private static final int BODY = 5;

  private final FieldReader fields = new FieldReader();
  private final ValueWriter values = new ValueWriter();

  void write(RecordReader reader, Attributes attributes, ByteOutput out) {
    byte[] bytes = reader.bytes();
    int original = attributes.find(ORIGINAL);
    if (original >= 0
        && values.text(
            bytes, attributes.valueStart(original), attributes.valueEnd(original), out)) {
      return;
    }
    int start = 0;
    int end = 0;
    fields.over(bytes, reader.recordStart(), reader.recordEnd());
    while (fields.next()) {
      if (fields.number() == BODY && fields.wireType() == FieldReader.BYTES) {
        start = fields.start();
        end = fields.end();
      }
    }
    values.text(bytes, start, end, out);
  }
}

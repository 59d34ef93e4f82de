package dev.pannier.collector.process;

import dev.pannier.shippers.batch.StringEdit;
import java.io.ByteArrayOutputStream;
import java.util.List;

/// Several redactors, one after the other.
record RedactorChain(List<Redactor> redactors) implements StringEdit {
  @Override
  public boolean changes(byte[] bytes, int start, int end) {
    for (Redactor redactor : redactors) {
      if (redactor.changes(bytes, start, end)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void write(byte[] bytes, int start, int end, ByteArrayOutputStream out) {
    byte[] text = bytes;
    int from = start;
    int to = end;
    for (Redactor redactor : redactors) {
      if (redactor.changes(text, from, to)) {
        ByteArrayOutputStream redacted = new ByteArrayOutputStream(to - from);
        redactor.write(text, from, to, redacted);
        text = redacted.toByteArray();
        from = 0;
        to = text.length;
      }
    }
    out.write(text, from, to - from);
  }
}

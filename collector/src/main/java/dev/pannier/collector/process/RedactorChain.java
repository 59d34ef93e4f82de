package dev.pannier.collector.process;

import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.StringEdit;
import java.util.Arrays;
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
  public void write(byte[] bytes, int start, int end, ByteOutput out) {
    byte[] text = bytes;
    int from = start;
    int to = end;
    for (Redactor redactor : redactors) {
      if (redactor.changes(text, from, to)) {
        // What one makes for the next has the output's bound, too.
        int before = out.length();
        redactor.write(text, from, to, out);
        text = Arrays.copyOfRange(out.bytes(), before, out.length());
        out.truncate(before);
        from = 0;
        to = text.length;
      }
    }
    out.write(text, from, to - from);
  }
}

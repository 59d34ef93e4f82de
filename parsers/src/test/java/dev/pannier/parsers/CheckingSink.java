package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/// Asserts at each call what [RecordSink] promises, and notes the calls.
final class CheckingSink implements RecordSink {
  final List<String> calls = new ArrayList<>();
  private int open;

  private String range(byte[] text, int offset, int length) {
    assertThat(offset).isBetween(0, text.length);
    assertThat(length).isBetween(0, text.length - offset);
    return new String(text, offset, length, ISO_8859_1);
  }

  /// Whether what was opened was closed.
  boolean isClosed() {
    return open == 0;
  }

  @Override
  public void timestamp(long epochNanos) {
    assertThat(epochNanos).isNotNegative();
    calls.add("time=" + epochNanos);
  }

  @Override
  public void severity(int number, byte[] text, int offset, int length) {
    assertThat(number).isBetween(0, 24);
    calls.add("severity=" + number + " " + range(text, offset, length));
  }

  @Override
  public void body(byte[] text, int offset, int length) {
    calls.add("body=" + range(text, offset, length));
  }

  @Override
  public void logger(byte[] name, int offset, int length) {
    calls.add("logger=" + range(name, offset, length));
  }

  @Override
  public void traceId(long high, long low) {
    assertThat(high | low).isNotZero();
    calls.add("trace=" + high + " " + low);
  }

  @Override
  public void spanId(long id) {
    assertThat(id).isNotZero();
    calls.add("span=" + id);
  }

  @Override
  public void traceFlags(int flags) {
    assertThat(flags).isBetween(0, 255);
    calls.add("flags=" + flags);
  }

  @Override
  public void attribute(
      byte[] key, int keyOffset, int keyLength, byte[] text, int offset, int length) {
    calls.add(range(key, keyOffset, keyLength) + "=" + range(text, offset, length));
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, long value) {
    calls.add(range(key, keyOffset, keyLength) + "=" + value);
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, double value) {
    calls.add(range(key, keyOffset, keyLength) + "=" + value);
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, boolean value) {
    calls.add(range(key, keyOffset, keyLength) + "=" + value);
  }

  @Override
  public void beginMap(byte[] key, int keyOffset, int keyLength) {
    open++;
    calls.add("{" + range(key, keyOffset, keyLength));
  }

  @Override
  public void beginArray(byte[] key, int keyOffset, int keyLength) {
    open++;
    calls.add("[" + range(key, keyOffset, keyLength));
  }

  @Override
  public void end() {
    open--;
    assertThat(open).isNotNegative();
    calls.add("end");
  }
}

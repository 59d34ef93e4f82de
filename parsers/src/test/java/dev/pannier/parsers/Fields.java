package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;

/// What a parser pushed, as text: scalar fields under their OTLP names, attributes under `@` and
/// their key, nested ones with their path.
final class Fields implements RecordSink {
  final Map<String, String> found = new TreeMap<>();
  private final Deque<String> path = new ArrayDeque<>();
  private int element;

  static Map<String, String> parse(LineParser parser, String record) {
    Fields fields = new Fields();
    byte[] bytes = ("<<" + record + ">>").getBytes(UTF_8);
    ParseResult result = parser.parse(bytes, 2, bytes.length - 4, fields);
    if (result != ParseResult.PARSED) {
      fields.found.put("result", result.name());
    }
    return fields.found;
  }

  @Override
  public void timestamp(long epochNanos) {
    found.put("time", String.valueOf(epochNanos));
  }

  @Override
  public void severity(int number, byte[] text, int offset, int length) {
    found.put("severity", number + " " + new String(text, offset, length, UTF_8));
  }

  @Override
  public void body(byte[] text, int offset, int length) {
    found.put("body", new String(text, offset, length, UTF_8));
  }

  @Override
  public void logger(byte[] name, int offset, int length) {
    found.put("logger", new String(name, offset, length, UTF_8));
  }

  @Override
  public void traceId(long high, long low) {
    found.put("trace", String.format("%016x%016x", high, low));
  }

  @Override
  public void spanId(long id) {
    found.put("span", String.format("%016x", id));
  }

  @Override
  public void traceFlags(int flags) {
    found.put("flags", String.valueOf(flags));
  }

  private void put(byte[] key, int offset, int length, String value) {
    String name = length == 0 ? "[" + element++ + "]" : new String(key, offset, length, UTF_8);
    found.put("@" + String.join("", path.reversed()) + name, value);
  }

  @Override
  public void attribute(
      byte[] key, int keyOffset, int keyLength, byte[] text, int offset, int length) {
    put(key, keyOffset, keyLength, new String(text, offset, length, UTF_8));
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, long value) {
    put(key, keyOffset, keyLength, "long " + value);
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, double value) {
    put(key, keyOffset, keyLength, "double " + value);
  }

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, boolean value) {
    put(key, keyOffset, keyLength, "boolean " + value);
  }

  @Override
  public void beginMap(byte[] key, int keyOffset, int keyLength) {
    path.push(new String(key, keyOffset, keyLength, UTF_8) + ".");
  }

  @Override
  public void beginArray(byte[] key, int keyOffset, int keyLength) {
    element = 0;
    path.push(new String(key, keyOffset, keyLength, UTF_8));
  }

  @Override
  public void end() {
    path.pop();
  }
}

package dev.pannier.parsers;

/// Takes a record's fields and forgets them: for asking whether a line parses.
enum Nowhere implements RecordSink {
  SINK;

  @Override
  public void timestamp(long epochNanos) {}

  @Override
  public void severity(int number, byte[] text, int offset, int length) {}

  @Override
  public void body(byte[] text, int offset, int length) {}

  @Override
  public void logger(byte[] name, int offset, int length) {}

  @Override
  public void traceId(long high, long low) {}

  @Override
  public void spanId(long id) {}

  @Override
  public void traceFlags(int flags) {}

  @Override
  public void attribute(
      byte[] key, int keyOffset, int keyLength, byte[] text, int offset, int length) {}

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, long value) {}

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, double value) {}

  @Override
  public void attribute(byte[] key, int keyOffset, int keyLength, boolean value) {}

  @Override
  public void beginMap(byte[] key, int keyOffset, int keyLength) {}

  @Override
  public void beginArray(byte[] key, int keyOffset, int keyLength) {}

  @Override
  public void end() {}
}

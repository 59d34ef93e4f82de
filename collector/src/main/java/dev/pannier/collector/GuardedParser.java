package dev.pannier.collector;

import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParseResult;
import dev.pannier.parsers.RecordSink;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// No text may end the tail, whatever a parser makes of it: where one throws, that is our mistake,
/// told as such, and the record is shipped as it is.
final class GuardedParser implements LineParser {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedParser.class);
  private static final long TOLD_EACH_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final String source;
  private final LineParser parser;
  private long observedNanos;

  /// When it was told last, of those times; 0 is never.
  private long toldNanos;

  GuardedParser(String source, LineParser parser) {
    this.source = source;
    this.parser = parser;
  }

  @Override
  public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
    try {
      return parser.parse(buffer, offset, length, sink);
    } catch (RuntimeException | StackOverflowError e) {
      tell(e);
      return ParseResult.FAILED;
    }
  }

  @Override
  public boolean startsRecord(byte[] buffer, int offset, int length) {
    try {
      return parser.startsRecord(buffer, offset, length);
    } catch (RuntimeException | StackOverflowError e) {
      tell(e);
      return true;
    }
  }

  @Override
  public boolean continuesException(byte[] buffer, int record, int line, int length) {
    try {
      return parser.continuesException(buffer, record, line, length);
    } catch (RuntimeException | StackOverflowError e) {
      tell(e);
      return false;
    }
  }

  @Override
  public boolean endsRecord(byte[] buffer, int offset, int length) {
    try {
      return parser.endsRecord(buffer, offset, length);
    } catch (RuntimeException | StackOverflowError e) {
      tell(e);
      return false;
    }
  }

  @Override
  public boolean startsRecord(byte first) {
    return parser.startsRecord(first);
  }

  @Override
  public boolean isRaw() {
    return parser.isRaw();
  }

  @Override
  public void observedAt(long epochNanos) {
    observedNanos = epochNanos;
    parser.observedAt(epochNanos);
  }

  private void tell(Throwable failure) {
    if (toldNanos == 0 || observedNanos - toldNanos >= TOLD_EACH_NANOS) {
      toldNanos = Math.max(1, observedNanos);
      LOG.error(
          "source {}: a defect of the parser: such records are shipped unparsed", source, failure);
    }
  }
}

package dev.pannier.shippers.batch;

/// Steps over the records of a request, in the order of its bytes, and says where each lies and
/// what it belongs to. All positions are indexes into [#bytes()]; a range is a message's content.
/// Never throws, whatever the bytes are: at a broken field the rest of its message is passed over.
/// Reused; allocates nothing for a record.
///
/// ```
/// logs     request > ResourceLogs    > ScopeLogs    > LogRecord
/// traces   request > ResourceSpans   > ScopeSpans   > Span
/// metrics  request > ResourceMetrics > ScopeMetrics > Metric > Gauge, Sum, … > data point
/// ```
public final class RecordReader {
  private static final byte[] NOTHING = {};
  private static final int RESOURCE_OR_SCOPE = 1;
  private static final int NOT_LOOKED_FOR = -1;
  private static final int NO_LEVEL = -1;

  /// Deeper than the deepest path to a record.
  private static final int MAX_LEVELS = 6;

  private final FieldReader[] levels = new FieldReader[MAX_LEVELS];
  private final MessageType[] types = new MessageType[MAX_LEVELS];
  private final FieldReader search = new FieldReader();

  private byte[] bytes = NOTHING;
  private int level;
  private int index;
  private MessageType recordType = Schema.LOG_RECORD;

  /// Where the record before this one was found, whose successor is most likely a field of the same
  /// number.
  private int recordLevel = NO_LEVEL;

  private int recordNumber;

  private int resourceStart;
  private int resourceEnd;
  private int scopeStart;
  private int scopeEnd;

  /// Where the scope is looked for when it is asked for: without one, that is a walk over all records.
  private int holderStart;

  private int holderEnd;
  private int metricStart;
  private int metricEnd;
  private int dataNumber;
  private int dataStart;
  private int dataEnd;
  private int recordStart;
  private int recordEnd;

  public RecordReader() {
    for (int i = 0; i < MAX_LEVELS; i++) {
      levels[i] = new FieldReader();
      types[i] = Schema.LOG_RECORD;
    }
  }

  public RecordReader over(Batch batch) {
    return over(batch.signal(), batch.bytes(), batch.offset(), batch.length());
  }

  public RecordReader over(Signal signal, byte[] bytes, int offset, int length) {
    this.bytes = bytes;
    level = 0;
    recordLevel = NO_LEVEL;
    index = -1;
    types[0] = Schema.request(signal);
    levels[0].over(bytes, offset, offset + length);
    resourceStart = 0;
    resourceEnd = 0;
    scopeStart = 0;
    scopeEnd = 0;
    metricStart = 0;
    metricEnd = 0;
    return this;
  }

  /// Steps to the next record.
  public boolean next() {
    while (level >= 0) {
      FieldReader fields = levels[level];
      if (!fields.next()) {
        level--;
        continue;
      }
      if (level == recordLevel && fields.isBytes(recordNumber)) {
        recordStart = fields.start();
        recordEnd = fields.end();
        index++;
        return true;
      }
      MessageType.Field field = types[level].field(fields.number());
      if (field == null
          || field.kind() != MessageType.Kind.MESSAGE
          || fields.wireType() != FieldReader.BYTES) {
        continue;
      }
      MessageType type = field.message();
      if (type.isRecord) {
        recordType = type;
        recordLevel = level;
        recordNumber = fields.number();
        recordStart = fields.start();
        recordEnd = fields.end();
        index++;
        return true;
      }
      if (type.holdsRecords()) {
        enter(type, fields);
      }
    }
    return false;
  }

  private void enter(MessageType type, FieldReader fields) {
    int start = fields.start();
    int end = fields.end();
    switch (level) {
      case 0 -> {
        boolean found = find(start, end);
        resourceStart = found ? search.start() : start;
        resourceEnd = found ? search.end() : start;
      }
      case 1 -> {
        scopeStart = NOT_LOOKED_FOR;
        holderStart = start;
        holderEnd = end;
      }
      case 2 -> {
        metricStart = start;
        metricEnd = end;
      }
      default -> {
        dataNumber = fields.number();
        dataStart = start;
        dataEnd = end;
      }
    }
    level++;
    recordLevel = NO_LEVEL;
    types[level] = type;
    levels[level].over(bytes, start, end);
  }

  /// Looks for the resource or scope, which may stand anywhere in its message.
  private boolean find(int start, int end) {
    search.over(bytes, start, end);
    while (search.next()) {
      if (search.number() == RESOURCE_OR_SCOPE && search.wireType() == FieldReader.BYTES) {
        return true;
      }
    }
    return false;
  }

  public byte[] bytes() {
    return bytes;
  }

  /// The record's index in the request, from 0.
  public int index() {
    return index;
  }

  public int recordStart() {
    return recordStart;
  }

  public int recordEnd() {
    return recordEnd;
  }

  /// The range of the `Resource`; empty if there is none.
  public int resourceStart() {
    return resourceStart;
  }

  public int resourceEnd() {
    return resourceEnd;
  }

  /// The range of the `InstrumentationScope`; empty if there is none.
  public int scopeStart() {
    lookForScope();
    return scopeStart;
  }

  public int scopeEnd() {
    lookForScope();
    return scopeEnd;
  }

  private void lookForScope() {
    if (scopeStart == NOT_LOOKED_FOR) {
      boolean found = find(holderStart, holderEnd);
      scopeStart = found ? search.start() : holderStart;
      scopeEnd = found ? search.end() : holderStart;
    }
  }

  /// The range of the `Metric` that a data point belongs to.
  public int metricStart() {
    return metricStart;
  }

  public int metricEnd() {
    return metricEnd;
  }

  /// The field of the `Metric` that holds the data point: 5 gauge, 7 sum, 9 histogram, 10
  /// exponential histogram, 11 summary.
  public int dataNumber() {
    return dataNumber;
  }

  /// The range of that field's message.
  public int dataStart() {
    return dataStart;
  }

  public int dataEnd() {
    return dataEnd;
  }

  MessageType recordType() {
    return recordType;
  }
}

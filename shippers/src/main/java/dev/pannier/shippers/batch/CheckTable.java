package dev.pannier.shippers.batch;

import dev.pannier.shippers.batch.MessageType.Field;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A message's fields by the one byte that most tags are, so that [RequestCheck] knows from that
/// byte alone what to do. It is compiled by C1, for which a look into [MessageType], its field and
/// the field's kind are three loads and calls each.
final class CheckTable {
  /// Whatever is not below: a tag of several bytes, a packed or unknown field, a wrong wire type.
  static final byte OTHER = 0;

  static final byte STRING = 1;

  /// A `KeyValue`, of which most have a short key and a short text.
  static final byte ATTRIBUTE = 2;

  /// An `AnyValue`, which mostly is a text.
  static final byte VALUE = 3;

  static final byte MESSAGE = 4;
  static final byte SPAN_ID = 5;
  static final byte TRACE_ID = 6;
  static final byte VARINT = 7;
  static final byte FIXED32 = 8;
  static final byte FIXED64 = 9;

  private static final int ONE_BYTE_TAGS = 128;
  private static final int ONE_BYTE_NUMBERS = ONE_BYTE_TAGS >> 3;

  private static final Map<MessageType, CheckTable> TABLES = new HashMap<>();
  private static final CheckTable LOGS = of(Schema.LOGS_REQUEST);
  private static final CheckTable TRACES = of(Schema.TRACE_REQUEST);
  private static final CheckTable METRICS = of(Schema.METRICS_REQUEST);

  final MessageType type;
  final byte[] steps = new byte[ONE_BYTE_TAGS];

  /// By field number; null for what is no message.
  private final @Nullable CheckTable[] inner = new CheckTable[MessageType.MAX_NUMBER + 1];

  private CheckTable(MessageType type) {
    this.type = type;
  }

  static CheckTable of(Signal signal) {
    return switch (signal) {
      case LOGS -> LOGS;
      case TRACES -> TRACES;
      case METRICS -> METRICS;
    };
  }

  /// The table of the messages in a field.
  CheckTable inner(int number) {
    CheckTable table = inner[number];
    if (table == null) {
      throw new IllegalStateException(type.name + " has no message as its field " + number);
    }
    return table;
  }

  private static CheckTable of(MessageType type) {
    CheckTable known = TABLES.get(type);
    if (known != null) {
      return known;
    }
    CheckTable table = new CheckTable(type);
    TABLES.put(type, table); // first: messages nest in themselves
    for (int number = 1; number <= MessageType.MAX_NUMBER; number++) {
      Field field = type.field(number);
      if (field != null) {
        if (field.type() != null) {
          table.inner[number] = of(field.type());
        }
        if (number < ONE_BYTE_NUMBERS) {
          table.steps[number << 3 | field.kind().wireType] = step(field);
        }
      }
    }
    return table;
  }

  private static byte step(Field field) {
    return switch (field.kind()) {
      case STRING -> STRING;
      case MESSAGE -> {
        MessageType inner = field.message();
        yield inner == Schema.KEY_VALUE ? ATTRIBUTE : inner == Schema.ANY_VALUE ? VALUE : MESSAGE;
      }
      case BOOL, ENUM, UINT32, SINT32, INT64, UINT64 -> VARINT;
      case FIXED32 -> FIXED32;
      case FIXED64, SFIXED64, DOUBLE -> FIXED64;
      case SPAN_ID -> SPAN_ID;
      case TRACE_ID -> TRACE_ID;
      case BYTES -> OTHER;
    };
  }
}

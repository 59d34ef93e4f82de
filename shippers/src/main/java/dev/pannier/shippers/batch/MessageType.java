package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A protobuf message and its fields.
final class MessageType {
  /// What a field's bytes mean, and so how they look in JSON.
  enum Kind {
    STRING(FieldReader.BYTES),
    BYTES(FieldReader.BYTES),
    TRACE_ID(FieldReader.BYTES),
    SPAN_ID(FieldReader.BYTES),
    MESSAGE(FieldReader.BYTES),
    BOOL(FieldReader.VARINT),
    ENUM(FieldReader.VARINT),
    UINT32(FieldReader.VARINT),
    SINT32(FieldReader.VARINT),
    INT64(FieldReader.VARINT),
    UINT64(FieldReader.VARINT),
    FIXED32(FieldReader.FIXED32),
    FIXED64(FieldReader.FIXED64),
    SFIXED64(FieldReader.FIXED64),
    DOUBLE(FieldReader.FIXED64);

    final int wireType;

    Kind(int wireType) {
      this.wireType = wireType;
    }
  }

  /// @param slot   what holds at most one value: the field's own number, or that of the first
  ///     field of its `oneof`
  /// @param choices the enum's names, which are its values' indexes
  /// @param quoted `"lowerCamelCase":`, as it stands in JSON
  record Field(
      int number,
      String name,
      Kind kind,
      boolean repeated,
      int slot,
      @Nullable MessageType type,
      List<String> choices,
      byte[] quoted) {
    /// Whether the numbers of a repeated field may be packed into one field.
    boolean isPackable() {
      return repeated && kind.wireType != FieldReader.BYTES;
    }

    /// The message's type, of a field that is one.
    MessageType message() {
      if (type == null) {
        throw new IllegalStateException(name + " is no message");
      }
      return type;
    }
  }

  private record Name(byte[] bytes, Field field) {}

  static final int MAX_NUMBER = 16;

  final String name;

  /// Whether it is what a batch counts: a log record, a span or a data point.
  final boolean isRecord;

  /// Whether records lie inside of it.
  private boolean holdsRecords;

  private final @Nullable Field[] byNumber = new Field[MAX_NUMBER + 1];
  private final List<Name> names = new ArrayList<>();
  private int oneOfSlot;

  MessageType(String name, boolean isRecord) {
    this.name = name;
    this.isRecord = isRecord;
  }

  /// @return null for an unknown field
  @Nullable Field field(int number) {
    return number >= 0 && number <= MAX_NUMBER ? byNumber[number] : null;
  }

  /// @param name in `[0, length)`, lowerCamelCase, or as in the `.proto` file: proto3's JSON mapping
  ///     takes both
  @Nullable Field field(byte[] name, int length) {
    for (int i = 0; i < names.size(); i++) {
      byte[] known = names.get(i).bytes;
      if (known.length == length && Arrays.equals(known, 0, length, name, 0, length)) {
        return names.get(i).field;
      }
    }
    return null;
  }

  boolean holdsRecords() {
    return holdsRecords;
  }

  MessageType one(int number, String name, Kind kind) {
    return add(number, name, kind, false, number, null, List.of());
  }

  MessageType one(int number, String name, MessageType type) {
    return add(number, name, Kind.MESSAGE, false, number, type, List.of());
  }

  MessageType many(int number, String name, Kind kind) {
    return add(number, name, kind, true, number, null, List.of());
  }

  MessageType many(int number, String name, MessageType type) {
    return add(number, name, Kind.MESSAGE, true, number, type, List.of());
  }

  MessageType oneOf(int number, String name, Kind kind) {
    oneOfSlot = oneOfSlot == 0 ? number : oneOfSlot;
    return add(number, name, kind, false, oneOfSlot, null, List.of());
  }

  MessageType oneOf(int number, String name, MessageType type) {
    oneOfSlot = oneOfSlot == 0 ? number : oneOfSlot;
    return add(number, name, Kind.MESSAGE, false, oneOfSlot, type, List.of());
  }

  MessageType choice(int number, String name, String prefix, List<String> choices) {
    List<String> names = choices.stream().map(choice -> prefix + choice).toList();
    return add(number, name, Kind.ENUM, false, number, null, names);
  }

  private MessageType add(
      int number,
      String snakeCase,
      Kind kind,
      boolean repeated,
      int slot,
      @Nullable MessageType type,
      List<String> choices) {
    StringBuilder camelCase = new StringBuilder();
    for (int i = 0; i < snakeCase.length(); i++) {
      char c = snakeCase.charAt(i);
      camelCase.append(c == '_' ? Character.toUpperCase(snakeCase.charAt(++i)) : c);
    }
    byte[] quoted = ("\"" + camelCase + "\":").getBytes(US_ASCII);
    Field field =
        new Field(number, camelCase.toString(), kind, repeated, slot, type, choices, quoted);
    byNumber[number] = field;
    names.add(new Name(field.name().getBytes(US_ASCII), field));
    if (!snakeCase.equals(field.name())) {
      names.add(new Name(snakeCase.getBytes(US_ASCII), field));
    }
    holdsRecords |= type != null && (type.isRecord || type.holdsRecords);
    return this;
  }
}

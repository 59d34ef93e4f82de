package dev.pannier.collector.http;

import org.jspecify.annotations.Nullable;

/// Header fields in their order; names in lower case, as HTTP/2 has them. Immutable.
public final class Headers {
  public static final Headers NONE = new Headers();

  /// name, value, name, value
  private final String[] fields;

  Headers(String... fields) {
    this.fields = fields;
  }

  /// @param fields name, value, name, value; the names in lower case
  public static Headers of(String... fields) {
    if (fields.length % 2 != 0) {
      throw new IllegalArgumentException("a name without a value: " + fields[fields.length - 1]);
    }
    return new Headers(fields.clone());
  }

  /// The value of the first field of this name (in lower case), null where there is none.
  public @Nullable String first(String name) {
    for (int i = 0; i < fields.length; i += 2) {
      if (fields[i].equals(name)) {
        return fields[i + 1];
      }
    }
    return null;
  }

  /// How many fields there are.
  public int size() {
    return fields.length / 2;
  }

  public String name(int index) {
    return fields[2 * index];
  }

  public String value(int index) {
    return fields[2 * index + 1];
  }
}

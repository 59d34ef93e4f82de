package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.batch.Attributes;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.JsonText;
import org.jspecify.annotations.Nullable;

/// One flat JSON object that is being written. No key comes twice: the first one has its plain name,
/// a later one gets a prefix that says where it comes from, and what clashes even then is left out.
/// Each member ends in a comma; the last one's is taken back.
final class FlatObject {
  private static final byte[] RESOURCE_PREFIX = "resource.".getBytes(US_ASCII);
  private static final byte[] ATTRIBUTE_PREFIX = "attributes.".getBytes(US_ASCII);
  private static final byte[] NO_PREFIX = {};

  private final KeySet keys = new KeySet();
  private final ValueWriter values = new ValueWriter();
  private ByteOutput out = new ByteOutput(16);

  /// What an attribute's key becomes.
  interface Renaming {
    /// @return the plain name that the key is known by here; null for the key itself
    byte @Nullable [] name(byte[] bytes, int keyStart, int keyEnd);

    /// Whether the attribute does not appear.
    boolean isHidden(byte[] bytes, int keyStart, int keyEnd);
  }

  void begin(ByteOutput out) {
    this.out = out;
    keys.clear();
    out.write('{');
  }

  void end() {
    int last = out.length() - 1;
    if (out.bytes()[last] == ',') {
      out.truncate(last);
    }
    out.write('}');
  }

  /// Begins a member whose value is written by the caller, who then calls [#endMember].
  ///
  /// @return false where there is one with this name already; then nothing is to be written
  boolean member(byte[] name) {
    return key(NO_PREFIX, name, 0, name.length);
  }

  void endMember() {
    out.write(',');
  }

  void text(byte[] name, byte[] text, int start, int end) {
    if (member(name)) {
      JsonText.string(out, text, start, end);
      endMember();
    }
  }

  void text(byte[] name, byte[] text) {
    text(name, text, 0, text.length);
  }

  void number(byte[] name, long value) {
    if (member(name)) {
      JsonText.number(out, value);
      endMember();
    }
  }

  void number(byte[] name, double value) {
    if (member(name)) {
      JsonText.number(out, value);
      endMember();
    }
  }

  void attributes(Attributes attributes, Renaming renaming) {
    attributes(attributes, renaming, ATTRIBUTE_PREFIX);
  }

  void resource(Attributes attributes, Renaming renaming) {
    attributes(attributes, renaming, RESOURCE_PREFIX);
  }

  private void attributes(Attributes attributes, Renaming renaming, byte[] prefix) {
    byte[] bytes = attributes.bytes();
    for (int i = 0; i < attributes.count(); i++) {
      int start = attributes.keyStart(i);
      int end = attributes.keyEnd(i);
      if (renaming.isHidden(bytes, start, end)) {
        continue;
      }
      byte[] name = renaming.name(bytes, start, end);
      if ((name != null && key(NO_PREFIX, name, 0, name.length))
          || (name == null && key(NO_PREFIX, bytes, start, end))
          || key(prefix, bytes, start, end)) {
        values.json(bytes, attributes.valueStart(i), attributes.valueEnd(i), out);
        endMember();
      }
    }
  }

  private boolean key(byte[] prefix, byte[] bytes, int start, int end) {
    int before = out.length();
    out.write('"');
    out.write(prefix);
    JsonText.escaped(out, bytes, start, end);
    if (!keys.add(out.bytes(), before + 1, out.length())) {
      out.truncate(before);
      return false;
    }
    out.write('"');
    out.write(':');
    return true;
  }
}

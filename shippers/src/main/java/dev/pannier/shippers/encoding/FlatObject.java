package dev.pannier.shippers.encoding;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.batch.Attributes;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.JsonText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One flat JSON object that is being written. No key comes twice: the standard fields' names are
/// theirs even where they are absent, then come the resource's attributes, then the others. A key
/// that is taken gets a prefix that says where it comes from; what clashes even then is left out.
/// Each member ends in a comma; the last one's is taken back.
final class FlatObject {
  private static final byte[] RESOURCE_PREFIX = "resource.".getBytes(US_ASCII);
  private static final byte[] ATTRIBUTE_PREFIX = "attributes.".getBytes(US_ASCII);
  private static final byte[] NO_PREFIX = {};
  private static final int NO_VERSION = -1;

  /// What an attribute's key becomes.
  interface Renaming {
    /// @return the plain name that the key is known by here; null for the key itself
    byte @Nullable [] name(byte[] bytes, int keyStart, int keyEnd);

    /// Whether the attribute does not appear.
    boolean isHidden(byte[] bytes, int keyStart, int keyEnd);
  }

  private final ValueWriter values = new ValueWriter();

  /// The standard fields' names, one after the other, and behind them the members of the resource:
  /// mostly it is the same in the next record, so its text is kept.
  private final ByteOutput known = new ByteOutput(1024);

  private final KeySet knownKeys = new KeySet();

  private final byte[][] names;

  /// The members of the standard fields, up to their colons.
  private final byte[][] nameTexts;

  /// A bit for each standard field that is there.
  private long taken;

  private final int resourceStart;
  private int resourceVersion = NO_VERSION;

  private final KeySet keys = new KeySet();

  /// Of the object before.
  private final KeySequence sequence = new KeySequence();

  private ByteOutput out = known;

  /// @param names of the standard fields: the arrays by which they are called afterwards
  FlatObject(List<byte[]> names) {
    if (names.size() > Long.SIZE) {
      throw new IllegalArgumentException("more than 64 names");
    }
    this.names = names.toArray(byte[][]::new);
    this.nameTexts = new byte[this.names.length][];
    ByteOutput text = new ByteOutput(64);
    for (int i = 0; i < nameTexts.length; i++) {
      known.write(this.names[i]);
      text.truncate(0);
      text.write('"');
      text.write(this.names[i]);
      text.write('"');
      text.write(':');
      nameTexts[i] = text.toBytes();
    }
    resourceStart = known.length();
    knowNames();
  }

  private void knowNames() {
    knownKeys.clear();
    known.truncate(resourceStart);
    byte[] bytes = known.bytes();
    int start = 0;
    for (byte[] name : names) {
      int end = start + name.length;
      knownKeys.add(KeySet.hash(bytes, start, end), bytes, start, end);
      start = end;
    }
  }

  void begin(ByteOutput out) {
    this.out = out;
    taken = 0;
    out.write('{');
  }

  void end() {
    int last = out.length() - 1;
    if (out.bytes()[last] == ',') {
      out.truncate(last);
    }
    out.write('}');
  }

  /// Begins the member of a standard field, whose value is written by the caller, who then calls
  /// [#endMember].
  ///
  /// @return false where it is there already; then nothing is to be written
  boolean member(byte[] name) {
    int index = index(name);
    if ((taken & 1L << index) != 0) {
      return false;
    }
    taken |= 1L << index;
    out.write(nameTexts[index]);
    return true;
  }

  private int index(byte[] name) {
    for (int i = 0; i < names.length; i++) {
      if (names[i] == name) {
        return i;
      }
    }
    throw new IllegalArgumentException("no standard field");
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

  /// The resource's attributes, before those of the record.
  ///
  /// @param version another one for other attributes, from 0
  void resource(Attributes attributes, int version, Renaming renaming) {
    if (version != resourceVersion) {
      resourceVersion = version;
      knowNames();
      attributes(attributes, renaming, RESOURCE_PREFIX, known);
      sequence.forget();
    }
    out.write(known.bytes(), resourceStart, known.length() - resourceStart);
  }

  /// The record's attributes, once an object.
  ///
  /// @param renaming depends on the keys alone
  void attributes(Attributes attributes, Renaming renaming) {
    if (!sequence.isOf(attributes)) {
      keys.clear();
      sequence.clear();
      attributes(attributes, renaming, ATTRIBUTE_PREFIX, out);
      return;
    }
    for (int i = 0; i < attributes.count(); i++) {
      if (sequence.write(i, out)) {
        value(attributes, i, out);
      }
    }
  }

  private void attributes(Attributes attributes, Renaming renaming, byte[] prefix, ByteOutput to) {
    byte[] bytes = attributes.bytes();
    for (int i = 0; i < attributes.count(); i++) {
      int start = attributes.keyStart(i);
      int end = attributes.keyEnd(i);
      int before = to.length();
      boolean appears = key(prefix, bytes, start, end, renaming, to);
      sequence.add(bytes, start, end, to.bytes(), before, to.length());
      if (appears) {
        value(attributes, i, to);
      }
    }
  }

  private void value(Attributes attributes, int index, ByteOutput to) {
    values.json(attributes.bytes(), attributes.valueStart(index), attributes.valueEnd(index), to);
    to.write(',');
  }

  private boolean key(
      byte[] prefix, byte[] bytes, int start, int end, Renaming renaming, ByteOutput to) {
    if (renaming.isHidden(bytes, start, end)) {
      return false;
    }
    byte[] name = renaming.name(bytes, start, end);
    return (name != null && key(NO_PREFIX, name, 0, name.length, to))
        || (name == null && key(NO_PREFIX, bytes, start, end, to))
        || key(prefix, bytes, start, end, to);
  }

  private boolean key(byte[] prefix, byte[] bytes, int start, int end, ByteOutput to) {
    int before = to.length();
    to.write('"');
    to.write(prefix);
    JsonText.escaped(to, bytes, start, end);
    byte[] written = to.bytes();
    int keyEnd = to.length();
    int hash = KeySet.hash(written, before + 1, keyEnd);
    boolean isNew =
        to == known
            ? knownKeys.add(hash, written, before + 1, keyEnd)
            : !knownKeys.contains(hash, known.bytes(), written, before + 1, keyEnd)
                && keys.add(hash, written, before + 1, keyEnd);
    if (!isNew) {
      to.truncate(before);
      return false;
    }
    to.write('"');
    to.write(':');
    return true;
  }
}

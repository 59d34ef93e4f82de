package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.config.FileSource;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.FieldReader;
import dev.pannier.shippers.batch.RecordReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What was written and sent, and under which `log.record.uid` each line came: a line has one for
/// ever, and no other line has it.
final class Truth {
  /// The identity of a line, from its `log.record.uid`.
  record Uid(long volume, long generation, long offset) {}

  private static final byte[] UID = "log.record.uid".getBytes(UTF_8);
  private static final int BODY = 5;
  private static final int ATTRIBUTE = 6;

  /// Each line begins with its number in so many digits, each request with `r` before it.
  private static final int DIGITS = 7;

  private final FileSource.OnOversize onOversize;

  /// As they are to arrive.
  private final List<byte[]> lines = new ArrayList<>();

  private final List<Uid> uids = new ArrayList<>();
  private final Map<Uid, Integer> lineOf = new HashMap<>();

  /// Lines whose last copy was deleted by their application while no living process had it open, or
  /// could ship it.
  final BitSet excused = new BitSet();

  /// Lines that are not to arrive, since they are too long.
  private final BitSet dropped = new BitSet();

  /// How many are too long.
  int oversized;

  /// Requests that were acknowledged.
  final BitSet acknowledged = new BitSet();

  /// How often the sidecar has taken each request.
  private final List<Integer> sent = new ArrayList<>();

  Truth(FileSource.OnOversize onOversize) {
    this.onOversize = onOversize;
  }

  /// A number as lines begin with it.
  static String digits(int number) {
    String digits = Integer.toString(number);
    return "0".repeat(DIGITS - digits.length()) + digits;
  }

  /// A new line's number.
  int next() {
    return lines.size();
  }

  void written(String record) {
    byte[] line = record.getBytes(UTF_8);
    if (hasOversize() && line.length > Parts.MAX_RECORD) {
      oversized++;
      dropped.set(lines.size(), onOversize == FileSource.OnOversize.DROP);
      line = Arrays.copyOf(line, Parts.MAX_RECORD);
    }
    lines.add(line);
    uids.add(null);
  }

  /// Whether lines may be too long.
  boolean hasOversize() {
    return onOversize != FileSource.OnOversize.SPLIT;
  }

  FileSource.OnOversize onOversize() {
    return onOversize;
  }

  /// Whether a line is not to arrive.
  boolean isDropped(int line) {
    return dropped.get(line);
  }

  int lines() {
    return lines.size();
  }

  Uid uid(int line) {
    return uids.get(line);
  }

  /// A new request's number.
  int nextRequest() {
    sent.add(0);
    return sent.size() - 1;
  }

  /// The sidecar takes it.
  void sent(int request) {
    sent.set(request, sent.get(request) + 1);
  }

  /// There was no room for it.
  void notTaken(int request) {
    sent.set(request, sent.get(request) - 1);
  }

  int timesSent(int request) {
    return sent.get(request);
  }

  int requests() {
    return sent.size();
  }

  /// Takes a record as what it claims to be.
  interface Arrival {
    void line(int line, Uid uid);

    /// The line that comes next has less than was written.
    default void cut(int line) {}

    void request(int request);
  }

  /// Looks at each record of a batch.
  void read(Batch batch, Arrival arrival) {
    RecordReader records = new RecordReader().over(batch);
    FieldReader fields = new FieldReader();
    FieldReader inner = new FieldReader();
    while (records.next()) {
      byte[] bytes = records.bytes();
      int bodyStart = 0;
      int bodyEnd = 0;
      Uid uid = null;
      fields.over(bytes, records.recordStart(), records.recordEnd());
      while (fields.next()) {
        if (fields.number() == BODY) {
          inner.over(bytes, fields.start(), fields.end());
          if (inner.next()) {
            bodyStart = inner.start();
            bodyEnd = inner.end();
          }
        } else if (fields.number() == ATTRIBUTE) {
          inner.over(bytes, fields.start(), fields.end());
          boolean named =
              inner.next() && Arrays.equals(bytes, inner.start(), inner.end(), UID, 0, UID.length);
          if (named && inner.next()) {
            uid = uid(bytes, inner.start(), inner.end());
          }
        }
      }
      if (bodyEnd > bodyStart && bytes[bodyStart] == 'r') {
        arrival.request(number(bytes, bodyStart + 1));
      } else {
        int line = line(bytes, bodyStart, bodyEnd, uid);
        if (bodyEnd - bodyStart < lines.get(line).length) {
          arrival.cut(line);
        }
        arrival.line(line, uid);
      }
    }
  }

  /// A batch's lines, for people.
  String name(Batch batch) {
    StringBuilder text = new StringBuilder(batch.key()).append(" of");
    read(
        batch,
        new Arrival() {
          @Override
          public void line(int line, Uid uid) {
            text.append(' ').append(line);
          }

          @Override
          public void request(int request) {
            text.append(" r").append(request);
          }
        });
    return text.toString();
  }

  /// An `AnyValue` with a text: 8 digits of the volume, 12 of the generation, then the offset, all to
  /// the base of 32.
  private static Uid uid(byte[] bytes, int start, int end) {
    int volume = start + 2;
    int generation = volume + 8;
    int offset = generation + 12;
    return new Uid(
        base32(bytes, volume, generation),
        base32(bytes, generation, offset),
        base32(bytes, offset, end));
  }

  private static long base32(byte[] bytes, int from, int to) {
    long value = 0;
    for (int i = from; i < to; i++) {
      value = (value << 5) | Character.digit(bytes[i], 32);
    }
    return value;
  }

  private static int number(byte[] bytes, int from) {
    int value = 0;
    for (int i = from; i < from + DIGITS; i++) {
      if (i >= bytes.length || bytes[i] < '0' || bytes[i] > '9') {
        return -1;
      }
      value = value * 10 + bytes[i] - '0';
    }
    return value;
  }

  private int line(byte[] bytes, int start, int end, Uid uid) {
    int line = end - start < DIGITS ? -1 : number(bytes, start);
    if (line < 0 || line >= lines.size()) {
      throw new AssertionError(
          "a record that nobody wrote: "
              + uid
              + ": "
              + new String(bytes, start, end - start, UTF_8));
    }
    if (dropped.get(line)) {
      throw new AssertionError("line " + line + " came, and is too long");
    }
    byte[] whole = lines.get(line);
    int length = end - start;
    boolean cut = length > SimulatedDestination.CUT_BYTES && length < whole.length;
    if (!Arrays.equals(bytes, start, end, whole, 0, cut ? length : whole.length)) {
      throw new AssertionError(
          "line %d of %d bytes came with %d: %s"
              .formatted(
                  line,
                  whole.length,
                  length,
                  new String(bytes, start, Math.min(80, length), UTF_8)));
    }
    Uid before = uids.get(line);
    if (before == null) {
      uids.set(line, uid);
      Integer other = lineOf.put(uid, line);
      if (other != null) {
        throw new AssertionError("lines " + other + " and " + line + " are both " + uid);
      }
    } else if (!before.equals(uid)) {
      throw new AssertionError("line " + line + " came as " + before + " and as " + uid);
    }
    return line;
  }

  /// The numbers of the lines that begin in some bytes of a log.
  static BitSet linesIn(byte[] bytes, int from, int size) {
    BitSet found = new BitSet();
    boolean begins = from == 0 || bytes[from - 1] == '\n';
    for (int i = from; i < size; i++) {
      if (begins && i + DIGITS <= size) {
        int line = number(bytes, i);
        if (line >= 0) {
          found.set(line);
        }
      }
      begins = bytes[i] == '\n';
    }
    return found;
  }
}

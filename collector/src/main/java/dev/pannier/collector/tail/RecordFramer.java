package dev.pannier.collector.tail;

import dev.pannier.collector.checkpoint.Anchor.Skip;
import dev.pannier.collector.config.FileSource.OnOversize;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Finds records in a range of a file's bytes: lines, joined where a rule says that one continues
/// the one before, and cut where they are too long. It keeps nothing between ranges; what it did not
/// consume is given again.
///
/// ```
/// |consumed|  start ... end  |CR| LF |  ...  limit
///                                    ^ consumed after next()
/// ```
final class RecordFramer {
  /// So much of a line tells whether it begins a record. The range has room for it beyond the limit.
  private static final int TELLING_BYTES = 4096;

  private final int maxRecord;
  private final OnOversize onOversize;

  private byte[] buffer = new byte[0];
  private int limit;
  private boolean last;
  private boolean flush;
  private Skip behind = Skip.NOTHING;
  private @Nullable LineStart rule;

  /// The rule's [LineStart#firstBytes].
  private boolean[] firstBytes = LineStart.NONE;

  private Transcoder charset = Transcoder.of(StandardCharsets.UTF_8);
  private FileCursor cursor = new FileCursor();

  private int consumed;
  private int start;
  private int end;
  private boolean truncated;
  private long oversized;
  private boolean holdsRecord;

  /// Whether a record was dropped where one was looked for, so that the next one is what is wanted.
  private boolean dropped;

  /// The line that was searched for its end last: what ends one record begins the next.
  private int searchedFrom;

  private int searchedNewline;

  RecordFramer(int maxRecord, OnOversize onOversize) {
    this.maxRecord = maxRecord;
    this.onOversize = onOversize;
  }

  /// @param cursor what has to be remembered of the file between ranges
  /// @param rule   tells lines that begin a record; null where each line is one
  /// @param last   nothing will follow these bytes: what has no end yet is a record
  /// @param behind what is skipped behind these bytes, where they were read before: it belongs to the last of their records
  /// @param flush  what follows has been waited for long enough: complete lines are a record
  void reset(
      byte[] buffer,
      int from,
      int to,
      FileCursor cursor,
      Transcoder charset,
      @Nullable LineStart rule,
      boolean last,
      Skip behind,
      boolean flush) {
    this.buffer = buffer;
    this.limit = to;
    this.cursor = cursor;
    this.charset = charset;
    this.rule = rule;
    firstBytes = rule == null ? LineStart.NONE : rule.firstBytes();
    this.last = last;
    this.behind = behind;
    this.flush = flush;
    consumed = from;
    searchedFrom = -1;
  }

  /// Finds the next record.
  ///
  /// @return false where there is none before more bytes come; [#consumed()] may have moved all the
  ///     same, over what was skipped
  boolean next() {
    truncated = false;
    holdsRecord = false;
    oversized = 0;
    if (isLine()) {
      return true;
    }
    boolean found;
    do {
      dropped = false;
      found = find();
    } while (dropped);
    return found;
  }

  private boolean find() {
    if (!skip()) {
      return false;
    }
    int opened = -1;
    int openEnd = -1;
    int openAfter = -1;
    int lineStart = consumed;
    while (true) {
      int newline = newline(lineStart);
      boolean complete = newline >= 0;
      if (!complete && !(last && lineStart < limit)) {
        if (opened >= 0 && (last || flush)) {
          return emit(opened, openEnd, openAfter, true);
        }
        holdsRecord = opened >= 0;
        if (opened < 0) {
          return limit - lineStart > maxRecord && cut(lineStart, limit);
        }
        // A record of several lines is within the limit here, what comes behind it may be another
        // one.
        return limit - opened > maxRecord
            && limit - lineStart >= TELLING_BYTES
            && begun(opened, openEnd, openAfter, lineStart);
      }
      int lineEnd = complete ? charset.withoutCarriageReturn(buffer, lineStart, newline) : limit;
      int after = complete ? newline + charset.unit() : limit;
      LineStart joins = rule;
      if (joins == null) {
        return emit(lineStart, lineEnd, after, complete);
      }
      if (opened >= 0
          && joins.startsRecord(buffer, lineStart, lineEnd - lineStart)
          && !joins.continuesException(buffer, opened, lineStart, lineEnd - lineStart)) {
        return emit(opened, openEnd, openAfter, true);
      }
      if (opened >= 0 && lineEnd - opened > maxRecord && openEnd - opened <= maxRecord) {
        return overlong(opened, openEnd, openAfter, lineEnd);
      }
      if (opened < 0) {
        if (complete && joins.endsRecord(buffer, lineStart, lineEnd - lineStart)) {
          return emit(lineStart, lineEnd, after, true);
        }
        opened = lineStart;
      }
      openEnd = lineEnd;
      openAfter = after;
      if (openEnd - opened > maxRecord) {
        return emit(opened, openEnd, openAfter, complete);
      }
      lineStart = after;
      if (!complete) {
        return emit(opened, openEnd, openAfter, false);
      }
    }
  }

  /// The shortest way to what most records are: one line, followed by one that begins the next record
  /// by its first byte.
  private boolean isLine() {
    int from = consumed;
    if (firstBytes.length == 0
        || searchedFrom != from
        || searchedNewline < 0
        || cursor.skip != Skip.NOTHING) {
      return false;
    }
    int newline = searchedNewline;
    int next = newline + 1;
    if (next >= limit
        || newline == from
        || newline - from > maxRecord
        || !isFirst(buffer[from])
        || !isFirst(buffer[next])) {
      return false;
    }
    int nextNewline = Bytes.newline(buffer, next, limit);
    if (nextNewline < 0) {
      return false;
    }
    searchedFrom = next;
    searchedNewline = nextNewline;
    start = from;
    end = buffer[newline - 1] == '\r' ? newline - 1 : newline;
    consumed = next;
    cursor.splitting = false;
    return true;
  }

  private boolean isFirst(byte first) {
    return first >= 0 && firstBytes[first];
  }

  private int newline(int lineStart) {
    if (searchedFrom != lineStart) {
      searchedFrom = lineStart;
      searchedNewline = charset.newline(buffer, lineStart, limit);
    }
    return searchedNewline;
  }

  /// A record is followed by a line without an end, with which it would outgrow the limit.
  private boolean begun(int opened, int openEnd, int openAfter, int lineStart) {
    holdsRecord = false;
    LineStart joins = rule;
    if (joins != null && joins.startsRecord(buffer, lineStart, limit - lineStart)) {
      return emit(opened, openEnd, openAfter, true);
    }
    return overlong(opened, openEnd, openAfter, limit);
  }

  /// A record of several lines would outgrow the limit with its next line.
  private boolean overlong(int from, int to, int after, int nextLineEnd) {
    switch (onOversize) {
      case SPLIT -> {
        count(nextLineEnd - from);
        cursor.splitting = true;
        set(from, to, after);
        return true;
      }
      case TRUNCATE -> {
        return cut(from, nextLineEnd);
      }
      case DROP -> {
        count(nextLineEnd - from);
        cursor.skip = Skip.CONTINUATIONS;
        consumed = after;
        dropped = true;
        return false;
      }
    }
    throw new AssertionError(onOversize);
  }

  private boolean emit(int from, int to, int after, boolean endsLine) {
    if (to - from <= maxRecord && !isHead(after)) {
      set(from, to, after);
      if (endsLine) {
        cursor.splitting = false;
      }
      return true;
    }
    return cut(from, to);
  }

  /// Whether a record is all that is there of a longer one, whose rest was skipped when it was read before.
  private boolean isHead(int after) {
    return after == limit && behind != Skip.NOTHING && onOversize != OnOversize.SPLIT;
  }

  /// The first `maxRecord` bytes of `[from, to)`, by the source's policy.
  private boolean cut(int from, int to) {
    int boundary = charset.boundary(buffer, from, Math.min(to, from + maxRecord));
    count(to - from);
    switch (onOversize) {
      case SPLIT -> {
        cursor.splitting = true;
        set(from, boundary, boundary);
        return true;
      }
      case TRUNCATE -> {
        truncated = true;
        cursor.skip = Skip.LINE;
        set(from, boundary, boundary);
        return true;
      }
      case DROP -> {
        cursor.skip = Skip.LINE;
        consumed = boundary;
        dropped = true;
        return false;
      }
    }
    throw new AssertionError(onOversize);
  }

  private void count(int length) {
    if (!cursor.splitting && length > 0) {
      oversized++;
    }
  }

  private void set(int from, int to, int after) {
    start = from;
    end = to;
    consumed = after;
  }

  /// Passes over the rest of a record that was truncated or dropped.
  ///
  /// @return false where its end has not come yet
  private boolean skip() {
    if (cursor.skip == Skip.LINE) {
      int newline = charset.newline(buffer, consumed, limit);
      if (newline < 0) {
        consumed = charset.boundary(buffer, consumed, limit);
        return false;
      }
      consumed = newline + charset.unit();
      cursor.skip = Skip.CONTINUATIONS;
    }
    while (cursor.skip == Skip.CONTINUATIONS) {
      LineStart joins = rule;
      int newline = charset.newline(buffer, consumed, limit);
      if (newline < 0 && !(last && consumed < limit)) {
        if (limit - consumed <= maxRecord) {
          return false;
        }
        // Its beginning has to do: all of it may be more than is read at once.
        if (joins == null || joins.startsRecord(buffer, consumed, limit - consumed)) {
          cursor.skip = Skip.NOTHING;
          return true;
        }
        consumed = charset.boundary(buffer, consumed, limit);
        cursor.skip = Skip.LINE;
        return false;
      }
      int lineEnd = newline < 0 ? limit : charset.withoutCarriageReturn(buffer, consumed, newline);
      if (joins == null || joins.startsRecord(buffer, consumed, lineEnd - consumed)) {
        cursor.skip = Skip.NOTHING;
      } else if (newline < 0) {
        consumed = limit;
        cursor.skip = Skip.LINE; // its end may come all the same
        return false;
      } else {
        consumed = newline + charset.unit();
      }
    }
    return true;
  }

  /// The record's first byte.
  int start() {
    return start;
  }

  /// The position after its last byte, without the line end.
  int end() {
    return end;
  }

  /// Where to go on.
  int consumed() {
    return consumed;
  }

  /// Whether the rest of this record is left out.
  boolean truncated() {
    return truncated;
  }

  /// Whether the last call held back whole lines, since the next one may continue them.
  boolean holdsRecord() {
    return holdsRecord;
  }

  /// How many records above the limit the last call came across for the first time.
  long oversized() {
    return oversized;
  }
}

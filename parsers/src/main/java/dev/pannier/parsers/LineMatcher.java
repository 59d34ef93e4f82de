package dev.pannier.parsers;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.joni.Matcher;
import org.joni.Option;
import org.joni.Regex;
import org.joni.Region;
import org.joni.exception.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A regular expression that is looked for in one text after another: a line, or a record. Belongs
/// to one thread.
///
/// A search has a bound on its time. Each that reaches it leaves half of it to the next one, and each that does not gives back what it took, and a
/// little at least: many texts in which the expression backtracks without end cost next to nothing together, where each alone is bounded. A second
/// after the bound was lowered it is whole again, whatever was found: texts that merely take longer than what was left are not lost for good.
///
/// Joni's matcher is made for one text, and costs 500 bytes and more. Where the expression does not
/// ask what stands before a place, the text is copied to the end of an array that is kept, and one
/// matcher serves all: its text ends where the array does, and whatever is in the array before the
/// search's beginning is not looked at. A `^` at the expression's beginning then has to be the
/// search's beginning (`\G`), not the array's.
public final class LineMatcher {
  /// What came of a search.
  public enum Found {
    YES,
    NO,
    /// Joni fails on some bytes that are no UTF-8.
    UNREADABLE,
    /// It took longer than it may, or the thread was interrupted.
    TIMED_OUT
  }

  /// Longer texts get a matcher of their own: a kept one keeps its stack, too, which has grown to an
  /// entry or more a character.
  static final int LONGEST_KEPT = 2048;

  /// The bound at its least, and what is given back at least, as a part of what a search may take.
  private static final int PARTS = 50;

  /// Coming down from the whole bound takes twice its time: a tenth of this.
  static final long LOWERED_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final byte[] NONE = {};

  private final Regex regex;

  /// The expression for the array's end; null where it may look back.
  private final @Nullable Regex forward;

  private final long longestNanos;
  private final LongSupplier nanoClock;

  /// What the next search may take.
  private long limitNanos;

  /// When the bound was last whole, where it is not.
  private long loweredNanos;

  private byte[] kept = NONE;
  private @Nullable Matcher keptMatcher;
  private @Nullable Region region;

  /// Of the place in the text that [#find] was given, what Joni's places are off by.
  private int shift;

  private LineMatcher(String pattern, boolean lines, long longestNanos, LongSupplier nanoClock) {
    regex = compile(pattern, lines);
    if (looksBack(pattern) || pattern.length() == Expression.LONGEST) {
      forward = null;
    } else if (pattern.startsWith("^")) {
      forward = compile("\\G" + pattern.substring(1), lines);
    } else {
      forward = regex;
    }
    this.longestNanos = longestNanos;
    this.nanoClock = nanoClock;
    limitNanos = longestNanos;
  }

  /// @param longestNanos for one search at most
  /// @throws BadParserException that says why the pattern is no regular expression
  public static LineMatcher of(String pattern, long longestNanos) {
    return of(pattern, longestNanos, System::nanoTime);
  }

  static LineMatcher of(String pattern, long longestNanos, LongSupplier nanoClock) {
    return new LineMatcher(pattern, false, longestNanos, nanoClock);
  }

  /// For a text of several lines: a dot is any character.
  static LineMatcher ofLines(String pattern, long longestNanos) {
    return new LineMatcher(pattern, true, longestNanos, System::nanoTime);
  }

  private static Regex compile(String pattern, boolean lines) {
    return lines ? Expression.compileForLines(pattern) : Expression.compile(pattern);
  }

  /// Whether the expression may ask what stands before a place where it is tried; yes in doubt.
  private static boolean looksBack(String pattern) {
    boolean classBegins = false;
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '\\') {
        i++;
        if (i < pattern.length() && "bBAGKXyY<>`'".indexOf(pattern.charAt(i)) >= 0) {
          return true;
        }
      } else if (c == '^' && i > 0 && !classBegins) {
        return true;
      } else if (pattern.startsWith("(?<=", i) || pattern.startsWith("(?<!", i)) {
        return true;
      }
      classBegins = c == '[';
    }
    return false;
  }

  Regex regex() {
    return regex;
  }

  /// Looks for the expression from the text's beginning on.
  public Found find(byte[] buffer, int offset, int length) {
    long since = limitNanos < longestNanos ? loweredSearch() : 0;
    Matcher matcher;
    int from;
    int to;
    if (forward == null || length == 0 || length > LONGEST_KEPT) {
      matcher = regex.matcher(buffer, offset, offset + length, limitNanos);
      from = offset;
      to = offset + length;
      // Joni counts from its text's beginning.
      shift = offset;
    } else {
      matcher = kept(forward, length);
      to = kept.length;
      from = to - length;
      shift = offset - from;
      System.arraycopy(buffer, offset, kept, from, length);
    }
    try {
      region = null;
      boolean found = matcher.searchInterruptible(from, to, Option.DEFAULT) >= 0;
      if (found) {
        region = matcher.getEagerRegion();
      }
      endedInTime(since);
      return found ? Found.YES : Found.NO;
    } catch (TimeoutException e) {
      if (limitNanos == longestNanos) {
        loweredNanos = nanoClock.getAsLong();
      }
      limit(Math.max(limitNanos / 2, longestNanos / PARTS));
      return Found.TIMED_OUT;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      keptMatcher = null;
      return Found.TIMED_OUT;
    } catch (IndexOutOfBoundsException e) {
      // Joni looks up its tables with what follows from bytes that are no UTF-8.
      keptMatcher = null;
      return Found.UNREADABLE;
    }
  }

  /// @return when the search begins
  private long loweredSearch() {
    long now = nanoClock.getAsLong();
    if (now - loweredNanos >= LOWERED_NANOS) {
      limit(longestNanos);
    }
    return now;
  }

  private void endedInTime(long sinceNanos) {
    if (limitNanos < longestNanos) {
      long tookNanos = nanoClock.getAsLong() - sinceNanos;
      limit(Math.min(longestNanos, limitNanos + Math.max(tookNanos, longestNanos / PARTS)));
    }
  }

  /// A kept matcher has the bound that it was made with.
  private void limit(long nanos) {
    limitNanos = nanos;
    keptMatcher = null;
  }

  /// What the next search may take.
  long limitNanos() {
    return limitNanos;
  }

  private Matcher kept(Regex searched, int length) {
    Matcher matcher = keptMatcher;
    if (matcher == null || length > kept.length) {
      if (length > kept.length) {
        kept = new byte[Math.min(LONGEST_KEPT, Math.max(256, 2 * length))];
      }
      matcher = searched.matcher(kept, 0, kept.length, limitNanos);
      keptMatcher = matcher;
    }
    return matcher;
  }

  /// Where in the buffer a group begins that the last search has found; -1 where it took no part.
  int from(int group) {
    int place = region == null ? -1 : region.getBeg(group);
    return place < 0 ? -1 : shift + place;
  }

  /// Where such a group ends.
  int to(int group) {
    int place = region == null ? -1 : region.getEnd(group);
    return place < 0 ? -1 : shift + place;
  }
}

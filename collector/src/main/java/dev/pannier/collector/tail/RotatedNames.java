package dev.pannier.collector.tail;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What the names of files tell of their kinship.
final class RotatedNames {
  private static final String SEPARATORS = ".-_~";

  private static final String DATE = "(19|20)\\d\\d[-._]?(0[1-9]|1[0-2])([-._T:]?\\d+)*Z?";

  /// Behind a log's name: few digits, a date, or seconds or milliseconds since the epoch.
  private static final Pattern SUFFIX =
      Pattern.compile("[-._~](\\d{1,4}|1\\d{9}|1\\d{12}|" + DATE + ")");

  /// Before its extension: `app-2.log` may as well be the second worker's.
  private static final Pattern INFIX = Pattern.compile("[-._~]" + DATE);

  private static final Pattern PERHAPS = Pattern.compile(".*\\d.*|[-._~](old|bak|prev)");
  private static final Pattern DIGITS = Pattern.compile("\\d+");
  private static final Pattern COMPRESSED = Pattern.compile("(.*)\\.(gz|bz2|xz|zst|lz4|Z|zip)");

  private RotatedNames() {}

  static boolean isCompressed(Path path) {
    return COMPRESSED.matcher(String.valueOf(path.getFileName())).matches();
  }

  /// Whether a name that is made from a log's, compressed or not, is what rotation makes of it, and hardly anything else.
  static boolean isSurelyRotated(Path file, Path log) {
    String added = added(file, log);
    return added != null && (isSuffixed(file, log) ? SUFFIX : INFIX).matcher(added).matches();
  }

  /// Whether it may be.
  static boolean isPerhapsRotated(Path file, Path log) {
    String added = added(file, log);
    return added != null
        && ((isCompressed(file) && added.isEmpty()) || PERHAPS.matcher(added).matches());
  }

  private static boolean isSuffixed(Path file, Path log) {
    return plain(file).startsWith(String.valueOf(log.getFileName()));
  }

  private static String plain(Path file) {
    return COMPRESSED.matcher(String.valueOf(file.getFileName())).replaceFirst("$1");
  }

  /// What a name has, uncompressed, that the log's has not.
  private static @Nullable String added(Path file, Path log) {
    String name = plain(file);
    String first = String.valueOf(log.getFileName());
    if (name.equals(first)) {
      return "";
    }
    if (!isNamedAfter(log.resolveSibling(name), log)) {
      return null;
    }
    int dot = first.lastIndexOf('.');
    return isSuffixed(file, log)
        ? name.substring(first.length())
        : name.substring(dot, name.length() - (first.length() - dot));
  }

  /// Whether two files of one folder have these names.
  static boolean isBeside(Path copy, Path original) {
    Path folder = copy.getParent();
    return folder != null && folder.equals(original.getParent()) && !copy.equals(original);
  }

  /// Whether a name is made from another, as those of rotated files are: `app.log.1`, `app-20261123.log` and `app.1.log` from
  /// `app.log`.
  static boolean isNamedAfter(Path copy, Path original) {
    return isNamedAfter(String.valueOf(copy.getFileName()), String.valueOf(original.getFileName()));
  }

  /// Whether a name is made from another, or both from one, but for their numbers: `app.log.2` and `app.log.1`.
  static boolean isOfOneLog(String name, String first) {
    return isNamedAfter(name, first) || withoutNumbers(name).equals(withoutNumbers(first));
  }

  /// What names that differ in their numbers alone have in common: `app-2026-12-01.log` and `app-2026-12-02.log`.
  static String withoutNumbers(String name) {
    return DIGITS.matcher(name).replaceAll("");
  }

  private static boolean isNamedAfter(String name, String first) {
    int dot = first.lastIndexOf('.');
    if (name.startsWith(first) && name.length() > first.length()) {
      // `worker-12` is not made from `worker-1`.
      return dot > 0 || SEPARATORS.indexOf(name.charAt(first.length())) >= 0;
    }
    return dot > 0
        && name.length() > first.length()
        && name.startsWith(first.substring(0, dot))
        && name.endsWith(first.substring(dot))
        && SEPARATORS.indexOf(name.charAt(dot)) >= 0;
  }

  /// What the names of a file and of its copies have in common: the first word (`app.log`,
  /// `app.log.1`, `app-20261123.log`).
  static String stem(Path path) {
    String name = String.valueOf(path.getFileName());
    int end = 0;
    while (end < name.length() && ".-_0123456789".indexOf(name.charAt(end)) < 0) {
      end++;
    }
    return name.substring(0, end);
  }
}

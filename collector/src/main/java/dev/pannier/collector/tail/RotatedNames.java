package dev.pannier.collector.tail;

import java.nio.file.Path;

/// What the names of files tell of their kinship.
final class RotatedNames {
  private static final String SEPARATORS = ".-_~";

  private RotatedNames() {}

  /// Whether two files of one folder have these names.
  static boolean isBeside(Path copy, Path original) {
    Path folder = copy.getParent();
    return folder != null && folder.equals(original.getParent()) && !copy.equals(original);
  }

  /// Whether a name is made from another, as those of rotated files are: `app.log.1`, `app-20261123.log` and `app.1.log` from
  /// `app.log`.
  static boolean isNamedAfter(Path copy, Path original) {
    String name = String.valueOf(copy.getFileName());
    String first = String.valueOf(original.getFileName());
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

package dev.pannier.collector.tail;

import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The include and exclude globs of a source.
final class Globs {
  private final FileSystem fileSystem;
  private final List<PathMatcher> include = new ArrayList<>();
  private final List<PathMatcher> exclude = new ArrayList<>();
  private final Set<Path> roots = new LinkedHashSet<>();
  private int depth;

  Globs(FileSystem fileSystem, List<String> include, List<String> exclude) {
    this.fileSystem = fileSystem;
    for (String glob : include) {
      addMatchers(this.include, glob);
      Path root = root(glob);
      roots.add(root);
      int below = fileSystem.getPath(glob.replaceAll("[*?\\[\\]{},\\\\]", "x")).getNameCount();
      depth =
          glob.contains("**")
              ? Integer.MAX_VALUE
              : Math.max(depth, Math.max(1, below - root.getNameCount()));
    }
    for (String glob : exclude) {
      addMatchers(this.exclude, glob);
    }
  }

  /// `**/` also stands for no folder at all, as in the shells; the JDK's matcher wants one.
  private void addMatchers(List<PathMatcher> matchers, String glob) {
    matchers.add(fileSystem.getPathMatcher("glob:" + glob));
    if (glob.contains("/**/")) {
      matchers.add(fileSystem.getPathMatcher("glob:" + glob.replace("/**/", "/")));
    }
  }

  /// The folders above the first wildcard: what is watched, and what no symbolic link may leave.
  Set<Path> roots() {
    return roots;
  }

  /// How many levels below a root can match.
  int depth() {
    return depth;
  }

  boolean matches(Path path) {
    return include.stream().anyMatch(matcher -> matcher.matches(path)) && !excludes(path);
  }

  boolean excludes(Path path) {
    return exclude.stream().anyMatch(matcher -> matcher.matches(path));
  }

  /// Whether what is amiss with a path is of interest to whoever wrote the globs.
  boolean concerns(Path path) {
    return matches(path)
        || roots.stream().anyMatch(root -> root.equals(path))
        || Files.isDirectory(path);
  }

  private Path root(String glob) {
    int wildcard = 0;
    while (wildcard < glob.length() && "*?[{\\".indexOf(glob.charAt(wildcard)) < 0) {
      wildcard++;
    }
    int slash = glob.lastIndexOf('/', Math.min(wildcard, glob.length() - 1));
    return fileSystem.getPath(slash <= 0 ? "/" : glob.substring(0, slash));
  }
}

package dev.pannier.shippers.file;

import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.Template;
import dev.pannier.shippers.batch.Signal;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Which files a shipper of type `file` writes, rotated ones included.
public final class OutputFiles {
  private static final Pattern IS_FILE = Pattern.compile(".*\\.(jsonl|json|ndjson|log|txt)");

  /// `logs.000001.jsonl`.
  private static final Pattern ROTATED = Pattern.compile("(.*)\\.(\\d{6,9})(\\.[^./]*)");

  private final Path folder;
  private final Map<Signal, String> paths;
  private final Pattern written;

  private OutputFiles(Path folder, Map<Signal, String> paths) {
    this.folder = folder;
    this.paths = paths;
    StringBuilder all = new StringBuilder();
    for (String path : paths.values()) {
      all.append(all.isEmpty() ? "" : "|").append(Template.path(path).pattern().pattern());
    }
    written = Pattern.compile(all.toString());
  }

  public static OutputFiles of(ShipperSettings.File settings) {
    String path = settings.path();
    String extension = settings.encoding() == Encoding.RAW ? ".log" : ".jsonl";
    Map<Signal, String> paths = new EnumMap<>(Signal.class);
    for (Signal signal : settings.signals()) {
      String file =
          IS_FILE.matcher(path).matches()
              ? path
              : path + (path.endsWith("/") ? "" : "/") + signal.label() + extension;
      paths.put(signal, normal(file));
    }
    String fixed = path.substring(0, (path + "${").indexOf("${"));
    boolean isFolder = !IS_FILE.matcher(fixed).matches() && fixed.equals(path);
    Path start = Path.of(isFolder ? fixed + "/" : fixed.substring(0, fixed.lastIndexOf('/') + 1));
    return new OutputFiles(start.normalize(), paths);
  }

  /// Without double slashes, as paths that are found in folders are.
  private static String normal(String path) {
    return path.replaceAll("/{2,}", "/");
  }

  /// All of them are below it.
  public Path folder() {
    return folder;
  }

  /// Whether a path below [#folder] is one of theirs.
  public boolean contains(Path file) {
    return isWritten(file.toString()) || rotated(file) != null;
  }

  /// By signal, the path or template.
  public Map<Signal, String> paths() {
    return paths;
  }

  /// @return of a rotated file the path that it had and its number; null for any other
  @Nullable Rotated rotated(Path file) {
    Matcher matcher = ROTATED.matcher(file.toString());
    if (!matcher.matches()) {
      return null;
    }
    String active = matcher.group(1) + matcher.group(3);
    return isWritten(active)
        ? new Rotated(Path.of(active), Integer.parseInt(matcher.group(2)))
        : null;
  }

  private boolean isWritten(String path) {
    return written.matcher(path).matches();
  }

  record Rotated(Path active, int number) {}
}

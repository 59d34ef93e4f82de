package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The folders with the application's log files. Where the application has a volume there already, the sidecar reads that one;
/// else both get one that lives as long as the Pod. The sidecar sees it under the application's path.
final class LogFolders {
  private static final String VOLUME = "pannier-logs";

  /// The sidecar's own folders, and the system's.
  private static final List<String> OWN =
      List.of(
          "/opt/pannier",
          "/etc/pannier",
          "/etc/podinfo",
          "/var/lib/pannier",
          "/var/run/secrets",
          "/dev",
          "/proc",
          "/sys");

  /// What the JVM is linked with: below them a volume does no harm.
  private static final List<String> LIBRARIES = List.of("/lib", "/lib64", "/usr/lib", "/usr/lib64");

  private final List<Part> selected;

  /// New volumes by the folder for which they are.
  private final Map<String, String> added = new LinkedHashMap<>();

  /// The sidecar's mounts by their paths.
  private final Map<String, Map<String, Object>> mounts = new LinkedHashMap<>();

  private LogFolders(List<Part> selected) {
    this.selected = selected;
  }

  static LogFolders of(Part spec, List<Part> selected, Settings settings) {
    LogFolders folders = new LogFolders(selected);
    for (String dir : settings.logDirs()) {
      folders.find(spec, dir, !settings.deleteShipped());
    }
    return folders;
  }

  private void find(Part spec, String dir, boolean readOnly) {
    Map<Map<String, Object>, Part> found = new LinkedHashMap<>();
    for (Part container : selected) {
      Part best = null;
      for (Part mount : container.at("volumeMounts").elements()) {
        String path = withoutSlash(mount.at("mountPath").text());
        boolean holds = dir.equals(path) || (!path.isEmpty() && dir.startsWith(path + "/"));
        if (holds
            && (best == null
                || withoutSlash(best.at("mountPath").text()).length() < path.length())) {
          best = mount;
        }
      }
      if (best != null) {
        found.putIfAbsent(mount(best, readOnly), best);
      }
    }
    if (found.isEmpty()) {
      String volume = VOLUME + (added.isEmpty() ? "" : "-" + (added.size() + 1));
      added.put(dir, volume);
      mounts.put(dir, mount(volume, dir, "", readOnly));
    }
    if (found.size() > 1) {
      List.copyOf(found.values())
          .getLast()
          .problem(
              "another volume than in another container, for "
                  + dir
                  + ": name the containers that log, or a folder for each");
    }
    found.forEach(
        (mount, part) -> {
          if (part.at("subPathExpr").isThere()) {
            part.at("subPathExpr").problem("the sidecar cannot know the folder " + dir);
          }
          mounts.put(String.valueOf(mount.get("mountPath")), mount);
        });
    for (String path : mounts.keySet()) {
      Stream.concat(
              OWN.stream().filter(own -> covers(path, own) || covers(own, path)),
              LIBRARIES.stream().filter(libraries -> covers(path, libraries)))
          .forEach(
              covered ->
                  spec.at("containers")
                      .problem(
                          "the volume for "
                              + dir
                              + " would cover the sidecar's "
                              + covered
                              + ": give the log files a volume of their own ("
                              + path
                              + ")"));
    }
  }

  private static boolean covers(String path, String other) {
    return (other + "/").startsWith(path.equals("/") ? path : path + "/");
  }

  private static Map<String, Object> mount(Part own, boolean readOnly) {
    return mount(
        own.at("name").text(),
        withoutSlash(own.at("mountPath").text()),
        own.at("subPath").text(),
        readOnly);
  }

  private static Map<String, Object> mount(
      String volume, String path, String subPath, boolean readOnly) {
    Map<String, Object> mount = new LinkedHashMap<>();
    mount.put("name", volume);
    mount.put("mountPath", path);
    if (!subPath.isEmpty()) {
      mount.put("subPath", subPath);
    }
    if (readOnly) {
      mount.put("readOnly", true);
    }
    return mount;
  }

  private static String withoutSlash(String path) {
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  /// The new volumes, and the application's mounts of them.
  void addTo(Additions additions, Part spec) {
    added.forEach(
        (dir, volume) -> {
          Part volumes = spec.at("volumes");
          if (volumes.named().containsKey(volume)) {
            volumes.problem("has a volume " + volume + " that was not injected");
          }
          additions.append(volumes, volume, Sidecar.emptyVolume(volume), "spec", "volumes");
          for (Part container : selected) {
            additions.append(
                container.at("volumeMounts"),
                volume,
                mount(volume, dir, "", false),
                "spec",
                "containers",
                container.at("name").text(),
                "volumeMounts");
          }
        });
  }

  List<Map<String, Object>> sidecarMounts() {
    return new ArrayList<>(mounts.values());
  }
}

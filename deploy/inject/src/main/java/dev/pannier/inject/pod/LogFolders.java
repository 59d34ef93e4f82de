package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
          // Where a link leads from there.
          "/run/secrets",
          "/dev",
          "/proc",
          "/sys");

  /// What the JVM is linked with: below them a volume does no harm.
  private static final List<String> LIBRARIES = List.of("/lib", "/lib64", "/usr/lib", "/usr/lib64");

  /// Those of a volume that begins and ends with its Pod. One that says nothing is an `emptyDir`.
  private static final Set<String> LIVES_AS_ITS_POD = Set.of("emptyDir", "ephemeral");

  /// Those that have what the cluster puts there, and where nobody else writes.
  private static final Set<String> FILLED =
      Set.of("configMap", "secret", "projected", "downwardAPI", "image");

  /// In a `subPathExpr`; `$$` is a dollar.
  private static final Pattern REFERENCE = Pattern.compile("\\$\\$|\\$\\(([^()]+)\\)");

  /// The sidecar's own variables have these names.
  private static final Pattern OWN_VARIABLE = Pattern.compile("(PANNIER|OTEL|K8S)_.*");

  /// @param variables which the mount needs
  private record Found(Map<String, Object> mount, List<Map<String, Object>> variables) {}

  private final Workload workload;
  private final List<Part> selected;
  private final Set<String> kept;
  private final List<Problem> notices;

  /// New volumes by the folder for which they are.
  private final Map<String, String> added = new LinkedHashMap<>();

  /// The sidecar's mounts by their paths.
  private final Map<String, Map<String, Object>> mounts = new LinkedHashMap<>();

  /// The sidecar's variables that its mounts need, by their names.
  private final Map<String, Map<String, Object>> variables = new LinkedHashMap<>();

  private LogFolders(
      Workload workload, List<Part> selected, Set<String> kept, List<Problem> notices) {
    this.workload = workload;
    this.selected = selected;
    this.kept = kept;
    this.notices = notices;
  }

  /// @param kept the volumes of an earlier injection: one that somebody mounts besides is still no volume of the application's
  static LogFolders of(
      Part spec,
      List<Part> selected,
      Settings settings,
      Workload workload,
      Set<String> kept,
      List<Problem> notices) {
    LogFolders folders = new LogFolders(workload, selected, kept, notices);
    for (String dir : settings.logDirs()) {
      folders.find(spec, dir, !settings.deleteShipped());
    }
    folders.lookWithin(settings.logDirs());
    return folders;
  }

  /// What is mounted within a folder is no part of the folder's volume.
  private void lookWithin(List<String> dirs) {
    for (Part container : selected) {
      for (Part mount : container.at("volumeMounts").elements()) {
        String path = withoutSlash(mount.at("mountPath").text());
        boolean isNamed = path.isEmpty() || dirs.stream().anyMatch(dir -> covers(path, dir));
        if (!isNamed && dirs.stream().anyMatch(dir -> covers(dir, path))) {
          notices.add(
              new Problem(
                  mount.path("mountPath"),
                  "is within the log folder and another volume, which the sidecar does not see: files that are to be read belong into one that %s names (%s)"
                      .formatted(Setting.LOG_DIR.annotation(), path)));
        }
      }
    }
  }

  private void find(Part spec, String dir, boolean readOnly) {
    Map<Found, Part> found = new LinkedHashMap<>();
    List<Part> without = new ArrayList<>();
    for (Part container : selected) {
      Part best = null;
      for (Part mount : container.at("volumeMounts").elements()) {
        String path = withoutSlash(mount.at("mountPath").text());
        boolean holds = dir.equals(path) || (!path.isEmpty() && dir.startsWith(path + "/"));
        if (holds
            && !kept.contains(mount.at("name").text())
            && (best == null
                || withoutSlash(best.at("mountPath").text()).length() < path.length())) {
          best = mount;
        }
      }
      if (best == null) {
        without.add(container);
      } else {
        found.putIfAbsent(new Found(mount(best, readOnly), variables(container, best, dir)), best);
      }
    }
    if (found.isEmpty()) {
      String volume = VOLUME + (added.isEmpty() ? "" : "-" + (added.size() + 1));
      added.put(dir, volume);
      mounts.put(dir, mount(volume, dir, "", readOnly));
      if (selected.size() > 1) {
        List<String> names = selected.stream().map(each -> each.at("name").text()).toList();
        notices.add(
            new Problem(
                spec.at("containers").path(),
                "all of "
                    + Part.shown(names)
                    + " get one folder "
                    + dir
                    + ", where files of one name are one file: name those that log in "
                    + Setting.CONTAINERS.annotation()));
      }
    }
    if (!found.isEmpty()) {
      for (Part container : without) {
        notices.add(
            new Problem(
                container.path(),
                "has no volume for %s, which another container has: what it writes there is not read; mount one, or name those that log in %s (%s)"
                    .formatted(dir, Setting.CONTAINERS.annotation(), container.at("name").text())));
      }
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
        (each, part) -> {
          Object before = mounts.put(String.valueOf(each.mount().get("mountPath")), each.mount());
          each.variables().stream()
              .filter(variable -> !Resource.isOurs(variable))
              .forEach(variable -> variables.put(String.valueOf(variable.get("name")), variable));
          if (before == null) {
            lookAt(spec.at("volumes"), part, each);
          }
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

  /// The variables that a mount's `subPathExpr` names, and those that these name: each may name those before it alone.
  private static List<Map<String, Object>> variables(Part container, Part mount, String dir) {
    Part expression = mount.at("subPathExpr");
    Set<String> wanted = references(expression.text());
    LinkedHashMap<String, Map<String, Object>> variables = new LinkedHashMap<>();
    if (!wanted.isEmpty()) {
      for (Part variable : container.at("env").elements().reversed()) {
        String name = variable.at("name").text();
        Map<String, Object> copy = variable.copy();
        boolean isOthers = OWN_VARIABLE.matcher(name).matches() && !Resource.isOurs(copy);
        if (wanted.contains(name) && !isOthers && variables.putIfAbsent(name, copy) == null) {
          wanted.addAll(references(variable.at("value").text()));
        }
      }
    }
    if (!variables.keySet().containsAll(wanted)) {
      expression.problem("the sidecar cannot know the folder " + dir);
    }
    return List.copyOf(variables.sequencedValues().reversed());
  }

  private static Set<String> references(String text) {
    Set<String> names = new HashSet<>();
    Matcher reference = REFERENCE.matcher(text);
    while (reference.find()) {
      String name = reference.group(1);
      if (name != null) {
        names.add(name);
      }
    }
    return names;
  }

  private void lookAt(Part volumes, Part mount, Found found) {
    String name = mount.at("name").text();
    Part volume = volumes.named().get(name);
    if (volume == null && !workload.claims().contains(name)) {
      notices.add(
          new Problem(mount.path("name"), "is the name of no volume of the Pod (" + name + ")"));
    } else if (volume != null && volume.copy().keySet().stream().anyMatch(FILLED::contains)) {
      notices.add(
          new Problem(
              mount.path(),
              "is of the type %s, where an application can write no log files: mount an emptyDir for them, or say another folder in %s (%s)"
                  .formatted(
                      volume.copy().keySet().stream()
                          .filter(FILLED::contains)
                          .collect(Collectors.joining(", ")),
                      Setting.LOG_DIR.annotation(),
                      name)));
    } else if (outlivesItsPod(volume, found)) {
      notices.add(
          new Problem(
              mount.path(),
              "outlives the Pod, unlike the sidecar's positions: a new Pod ships all its files"
                  + " again, and of Pods that share it each ships all; use an emptyDir, or a"
                  + " subPathExpr for each Pod"));
    }
  }

  /// Whether files are there before the sidecar's first start.
  ///
  /// @param volume null for a StatefulSet's claim
  private boolean outlivesItsPod(@Nullable Part volume, Found found) {
    if (volume != null
        && volume.copy().keySet().stream()
            .allMatch(key -> key.equals("name") || LIVES_AS_ITS_POD.contains(key))) {
      return false;
    }
    return found.variables().stream()
        .noneMatch(
            variable ->
                Sidecar.isField(variable, "metadata.uid")
                    || (Sidecar.isField(variable, "metadata.name") && !workload.keepsNames()));
  }

  private static boolean covers(String path, String other) {
    return (other + "/").startsWith(path.equals("/") ? path : path + "/");
  }

  private static Map<String, Object> mount(Part own, boolean readOnly) {
    Map<String, Object> mount =
        mount(
            own.at("name").text(),
            withoutSlash(own.at("mountPath").text()),
            own.at("subPath").text(),
            readOnly);
    if (!own.at("subPathExpr").text().isEmpty()) {
      mount.put("subPathExpr", own.at("subPathExpr").text());
    }
    return mount;
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
          Injection.addVolume(
              additions, spec.at("volumes"), Sidecar.emptyVolume(volume), kept, notices);
          for (Part container : selected) {
            // Somebody has mounted there what an earlier injection has brought.
            boolean isThere =
                container.at("volumeMounts").elements().stream()
                    .anyMatch(mount -> withoutSlash(mount.at("mountPath").text()).equals(dir));
            if (isThere) {
              continue;
            }
            additions.append(
                container.at("volumeMounts"),
                Trace.mount(volume, dir),
                mount(volume, dir, "", false),
                Injection.place(container, "volumeMounts"));
          }
        });
  }

  List<Map<String, Object>> sidecarVariables() {
    return new ArrayList<>(variables.values());
  }

  List<Map<String, Object>> sidecarMounts() {
    return new ArrayList<>(mounts.values());
  }
}

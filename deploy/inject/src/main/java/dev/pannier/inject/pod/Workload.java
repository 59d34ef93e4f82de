package dev.pannier.inject.pod;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a Pod is one of: the object whose manifest has its template, or by its owner.
///
/// @param kind   as in the manifest
/// @param name   empty where it is made up by the cluster
/// @param claims the names of a StatefulSet's `volumeClaimTemplates`: volumes of its Pods that their template does not have
public record Workload(String kind, String name, Set<String> claims) {
  /// Semantic conventions have a `k8s.….name` for these.
  private static final List<String> ATTRIBUTED =
      List.of("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet");

  /// What makes a ReplicaSet for each template of its Pods, by the label with the template's hash.
  private static final Map<String, String> OF_REPLICA_SETS =
      Map.of("pod-template-hash", "Deployment", "rollouts-pod-template-hash", "Rollout");

  /// A CronJob names its Jobs after itself and the minute since 1970: from 2017 on, so that a date is not taken for one.
  private static final Pattern JOB_OF_CRON_JOB =
      Pattern.compile("(.+)-(2[5-9]|[3-9][0-9])[0-9]{6}");

  public Workload {
    claims = Set.copyOf(claims);
  }

  public Workload(String kind, String name) {
    this(kind, name, Set.of());
  }

  /// Of a Pod in a cluster: by its controller. A ReplicaSet whose name ends with the hash of its Pods'
  /// template is a Deployment's, or a Rollout's of Argo, and a Job whose name ends with its time is a CronJob's.
  public static Workload of(@Nullable Object pod) {
    Part metadata = Part.root(pod, new ArrayList<>()).at("metadata");
    for (Part owner : metadata.at("ownerReferences").elements()) {
      String kind = owner.at("kind").text();
      String name = owner.at("name").text();
      if (owner.at("controller").isTrue() && ATTRIBUTED.contains(kind)) {
        for (Map.Entry<String, String> each : OF_REPLICA_SETS.entrySet()) {
          String end = "-" + metadata.at("labels", each.getKey()).text();
          if (kind.equals("ReplicaSet") && end.length() > 1 && name.endsWith(end)) {
            return new Workload(each.getValue(), name.substring(0, name.length() - end.length()));
          }
        }
        Matcher ofCronJob = JOB_OF_CRON_JOB.matcher(name);
        return kind.equals("Job") && ofCronJob.matches()
            ? new Workload("CronJob", ofCronJob.group(1))
            : new Workload(kind, name);
      }
    }
    return new Workload("Pod", metadata.at("name").text());
  }

  /// Whether a new Pod may have the name of one that is gone.
  boolean keepsNames() {
    return kind.equals("StatefulSet") || kind.equals("Pod");
  }

  /// The resource attributes that name it; none where there is no name, or no attribute for the kind.
  Map<String, String> attributes() {
    return ATTRIBUTED.contains(kind) && !name.isEmpty()
        ? Map.of("k8s." + kind.toLowerCase(Locale.ROOT) + ".name", name)
        : Map.of();
  }

  /// As it is told: `Deployment checkout`.
  @Override
  public String toString() {
    return name.isEmpty() ? kind : kind + " " + name;
  }
}

package dev.pannier.inject.pod;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What can be said about a Pod's sidecar: `pannier.dev/NAME` among the Pod's annotations.
public enum Setting {
  /// `"true"` or `"false"`: whether the Pod gets a sidecar. A label of this name counts, too, where there is no annotation.
  INJECT("inject"),
  /// `native` (an init container that is restarted, Kubernetes 1.29 and later) or `ordinary` (one more container).
  MODE("mode"),
  /// The sidecar's image.
  IMAGE("image"),
  /// When the kubelet asks for that image: `Always`, `IfNotPresent` or `Never`.
  IMAGE_PULL_POLICY("image-pull-policy"),
  /// A Secret of the Pod's namespace, by which the kubelet logs in where that image is: one more of the Pod's `imagePullSecrets`.
  IMAGE_PULL_SECRET("image-pull-secret"),
  /// Which of the application's containers get the log folder and the environment: names between commas. All
  /// without it.
  CONTAINERS("containers"),
  /// The folders that the application writes its log files to, between commas, or `none`.
  LOG_DIR("log-dir"),
  /// `"true"`: rotated files are deleted when they were shipped, so the log folder is mounted for writing.
  DELETE_SHIPPED("delete-shipped"),
  /// The parser of the log files.
  PARSER("parser"),
  /// A ConfigMap with the sidecar's configuration: `NAME`, for its key `pannier.yaml`, or `NAME/KEY`.
  CONFIG("config"),
  /// A Secret, whose keys are files in `/var/run/secrets/pannier`.
  SECRET("secret"),
  /// Kafka's addresses, `host:port` between commas.
  KAFKA("kafka"),
  /// An OTLP backend's address, `http://…` or `https://…`.
  OTLP("otlp"),
  /// `service.name` of the application's records.
  SERVICE_NAME("service-name"),
  /// The sidecar's `memory`, in MiB; its heap, request and limit follow.
  MEMORY("memory"),
  /// The CPU that the sidecar requests, as Kubernetes writes it: `50m`.
  CPU_REQUEST("cpu-request"),
  /// The CPU that it is limited to; none without it.
  CPU_LIMIT("cpu-limit"),
  /// The memory that its container requests: `64Mi`. [#MEMORY] is what of it the sidecar holds records in.
  MEMORY_REQUEST("memory-request"),
  /// The memory that its container is limited to.
  MEMORY_LIMIT("memory-limit"),
  /// Options of the sidecar's JVM, after all others.
  JVM_OPTIONS("jvm-options");

  /// What all annotations of ours begin with.
  public static final String PREFIX = "pannier.dev/";

  private final String key;

  Setting(String key) {
    this.key = key;
  }

  /// Its name behind the prefix.
  public String key() {
    return key;
  }

  String annotation() {
    return PREFIX + key;
  }

  /// @return null where there is none
  public static @Nullable Setting of(String key) {
    return Arrays.stream(values()).filter(each -> each.key.equals(key)).findFirst().orElse(null);
  }

  /// As they are told.
  public static List<String> keys() {
    return Arrays.stream(values()).map(Setting::key).toList();
  }
}

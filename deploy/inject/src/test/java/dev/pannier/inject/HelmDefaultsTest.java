package dev.pannier.inject;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The chart refuses what the webhook would refuse at its start, and nothing else. [HelmChartTest] asks `helm` the same.
class HelmDefaultsTest {
  private static final String LONG = "a".repeat(253);

  /// What texts are made of, by key: pieces of right ones and of wrong ones.
  private static final Map<String, List<String>> PIECES =
      Map.of(
          "log-dir", List.of("/", "/a", "/b c", ",", " ", "\t", "\n", "..", ".", "none", ":", "$"),
          "parser", List.of("auto", "raw", "json", "logstash", "j", "-", " "),
          "config", List.of("a", "9", "-", ".", "/", "A", "_", " ", "a.yaml"),
          "secret", List.of("a", "9", "-", ".", "/", "A", "\n"),
          "kafka", List.of("a", ":", "9092", "1", ",", " ", "\u000B", "[::1]", "$(A)", "b:1"),
          "otlp",
              List.of(
                  "http",
                  "s",
                  "://",
                  "/",
                  "a",
                  ":4317",
                  " ",
                  "\t",
                  "\u000B",
                  "é",
                  "localhost",
                  "@",
                  "?",
                  "#",
                  "_",
                  "-",
                  ".",
                  "%41",
                  "127.0.0.1",
                  "[::1]",
                  "$(A)",
                  "9"),
          "memory", List.of("1", "6", "3", "8", "4", "0", "MiB", "Mi", " "),
          "jvm-options", List.of("-", "@", "-X", "/a", " ", "\t", "\u000B", "x"));

  static List<Map<String, String>> defaults() {
    return List.of(
        Map.of(),
        Map.of("log-dir", ""),
        Map.of("log-dir", "none"),
        Map.of("log-dir", " none"),
        Map.of("log-dir", "/var/log/app"),
        Map.of("log-dir", "/var/log/app/"),
        Map.of("log-dir", "/"),
        Map.of("log-dir", "logs"),
        Map.of("log-dir", "//a"),
        Map.of("log-dir", "/a/../b"),
        Map.of("log-dir", "/a/.."),
        Map.of("log-dir", "/a/..b"),
        Map.of("log-dir", "/a:b"),
        Map.of("log-dir", "/*"),
        Map.of("log-dir", "/a b"),
        Map.of("log-dir", "/a\nb"),
        Map.of("log-dir", "/a, /b"),
        Map.of("log-dir", "/a, /b", "config", "shop"),
        Map.of("log-dir", "/a, b", "config", "shop"),
        Map.of("config", "shop"),
        Map.of("config", "shop/pannier.yaml"),
        Map.of("config", "Shop"),
        Map.of("config", "shop/"),
        Map.of("config", "shop/a/b"),
        Map.of("config", "shop-"),
        Map.of("config", LONG + "/" + LONG),
        Map.of("config", LONG + "a"),
        Map.of("config", "shop", "parser", "json"),
        Map.of("config", "", "parser", "json"),
        Map.of("config", "shop", "parser", ""),
        Map.of("parser", "logstash"),
        Map.of("parser", "jsn"),
        Map.of("parser", "logback"),
        Map.of("secret", "shop/key"),
        Map.of("secret", "shop.key"),
        Map.of("otlp", "http://a:4317"),
        Map.of("otlp", "https://a/b c"),
        Map.of("otlp", "https:///a"),
        Map.of("otlp", "https://"),
        Map.of("otlp", "grpc://a"),
        Map.of("otlp", "http://user:pass@a:4317"),
        Map.of("otlp", "http://a:65535/v1/$a"),
        Map.of("otlp", "http://a:65536"),
        Map.of("otlp", "http://$(K8S_NODE_NAME):4317"),
        Map.of("kafka", "kafka.$(K8S_NAMESPACE_NAME):9092"),
        Map.of("kafka", "$(:9092"),
        Map.of("otlp", "http://a?b"),
        Map.of("otlp", "http://localhost:4317"),
        Map.of("otlp", "http://localhost:4317", "config", "shop"),
        Map.of("otlp", "http://127.0.0.2:4318/"),
        Map.of("otlp", "http://127.0.0.1:9"),
        Map.of("otlp", "a:4317"),
        Map.of("memory", "4MiB"),
        Map.of("memory", "3MiB"),
        Map.of("memory", "16384MiB"),
        Map.of("memory", "16385MiB"),
        Map.of("memory", "20000MiB"),
        Map.of("memory", "024MiB"),
        Map.of("memory", "24Mi"),
        Map.of("memory", "24"),
        Map.of("delete-shipped", ""),
        Map.of("delete-shipped", "yes"),
        Map.of("kafka", "a:9092 , [::1]:9092"),
        Map.of("kafka", "a:9092;b:9092"),
        Map.of("kafka", "a:65535"),
        Map.of("kafka", "a:65536"),
        Map.of("kafka", "u@a:9092"),
        Map.of("cpu-request", "0"),
        Map.of("cpu-request", "0.000m"),
        Map.of("cpu-request", "1m"),
        Map.of("cpu-limit", "0e3"),
        Map.of("cpu-limit", "0.5"),
        Map.of("memory-request", "0"),
        Map.of("memory-request", "64"),
        Map.of("memory-request", "128m"),
        Map.of("memory-request", "999Ki"),
        Map.of("memory-request", "1024Ki"),
        Map.of("memory-request", "1048576"),
        Map.of("memory-limit", "0Mi"),
        Map.of("memory-limit", "128m"),
        Map.of("memory-limit", "128"),
        Map.of("memory-limit", "19Mi"),
        Map.of("memory-limit", "20Mi", "memory", "4MiB"),
        Map.of("memory-limit", "9999Ki"),
        Map.of("memory-limit", "128Mi"),
        Map.of("jvm-options", "-Xss1m @/a"),
        Map.of("jvm-options", "-Xss1m "));
  }

  @ParameterizedTest
  @MethodSource("defaults")
  void theSchemaTakesWhatTheWebhookTakes(Map<String, String> defaults) throws Exception {
    assertThat(HelmDefaults.takes(HelmDefaults.schema(), defaults))
        .isEqualTo(HelmDefaults.webhookTakes(defaults));
  }

  @Property(tries = 20)
  void theSchemaTakesWhatTheWebhookTakesOfAnyText(@ForAll long seed) throws Exception {
    Map<?, ?> schema = HelmDefaults.schema();
    Random random = new Random(seed);
    for (Map.Entry<String, List<String>> key : PIECES.entrySet()) {
      for (int i = 0; i < 1_000; i++) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(8); length > 0; length--) {
          text.append(key.getValue().get(random.nextInt(key.getValue().size())));
        }
        Map<String, String> defaults =
            random.nextBoolean() || key.getKey().equals("config")
                ? Map.of(key.getKey(), text.toString())
                : Map.of(key.getKey(), text.toString(), "config", "shop");
        // One folder that is named twice is one to the webhook.
        if (!namesTwice(defaults)) {
          assertThat(HelmDefaults.takes(schema, defaults))
              .as("%s", defaults)
              .isEqualTo(HelmDefaults.webhookTakes(defaults));
        }
      }
    }
  }

  private static boolean namesTwice(Map<String, String> defaults) {
    Set<String> names = new HashSet<>();
    return List.of(defaults.getOrDefault("log-dir", "").split(",", -1)).stream()
        .map(name -> name.strip().replaceAll("/$", ""))
        .filter(Predicate.not(String::isEmpty))
        .anyMatch(name -> !names.add(name));
  }
}

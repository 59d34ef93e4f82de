package dev.pannier.collector.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The script `pannier` in a checkout of its own, whose `java` prints its arguments and whose `mvn`
/// writes the files that a build would.
class LauncherTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @TempDir Path folder;

  private Path checkout;
  private Path jar;
  private Path cache;

  private record Run(int code, List<String> out, String err) {}

  @BeforeEach
  void checkOut() throws IOException {
    checkout = Files.createDirectories(folder.resolve("check out"));
    Files.createDirectories(checkout.resolve(".ci"));
    Files.copy(ROOT.resolve("pannier"), checkout.resolve("pannier"));
    Files.copy(ROOT.resolve(".ci/jdk"), checkout.resolve(".ci/jdk"));
    Files.writeString(checkout.resolve("pom.xml"), "");
    for (String module : List.of("parsers", "shippers", "collector", "integration-tests")) {
      Files.createDirectories(checkout.resolve(module).resolve("src/main"));
      Files.writeString(checkout.resolve(module).resolve("pom.xml"), "");
    }
    jar = checkout.resolve("collector/target/pannier/lib/pannier-collector.jar");
    Files.createDirectories(jar.getParent());
    Path home = checkout.resolve("collector/target/pannier");
    cache = home.resolve("pannier-25.0.1+8-LTS.aot");
    Files.writeString(home.resolve("jvm.options"), "");
    Files.copy(ROOT.resolve("collector/src/main/dist/options.sh"), home.resolve("options.sh"));
    script(
        "jdk/bin/java",
        """
        case "$*" in *demo.Training*)
          [ -n "$TRAIN_CODE" ] && exit $TRAIN_CODE
          sleep ${TRAIN_SECONDS:-0}; touch '%s'; exit 0 ;;
        esac
        printf '%%s\\n' "$@"; echo MALLOC_ARENA_MAX=$MALLOC_ARENA_MAX; exit 7\
        """
            .formatted(cache));
    script("jdk/bin/javac", "exit 1");
    Files.writeString(
        folder.resolve("jdk/release"),
        "JAVA_VERSION=\"25.0.1\"\nJAVA_RUNTIME_VERSION=\"25.0.1+8-LTS\"\n");
    script("bin/mvn", "echo \"mvn $*\"; touch '" + jar + "'; exit ${MVN_CODE:-0}");
  }

  private void script(String name, String body) throws IOException {
    Path script = folder.resolve(name);
    Files.createDirectories(script.getParent());
    Files.writeString(script, "#!/usr/bin/env bash\n" + body + "\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
  }

  private Run pannier(Map<String, String> environment, String... arguments) throws Exception {
    return started("", environment, arguments).ended();
  }

  private record Started(Process process, Path out, Path err) {
    Run ended() throws Exception {
      int code = process.waitFor();
      return new Run(code, Files.readAllLines(out, UTF_8), Files.readString(err, UTF_8));
    }
  }

  private Started started(String name, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(checkout.resolve("pannier").toString()));
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out" + name);
    Path err = folder.resolve("err" + name);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("PANNIER_JAVA_HOME", folder.resolve("jdk").toString());
    builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
    builder.environment().remove("PANNIER_JVM_OPTIONS");
    builder.environment().put("PANNIER_AOT_CACHE", "off");
    builder.environment().putAll(environment);
    return new Started(builder.start(), out, err);
  }

  private void built() throws IOException {
    Files.writeString(jar, "");
  }

  @Test
  void startsTheSidecarWithItsSettingsAndArgumentsAndHandsOnItsExitCode() throws Exception {
    built();

    Run run = pannier(Map.of(), "run", "--config", "a file.yaml");

    assertThat(run.code()).isEqualTo(7);
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .containsExactly(
            "@" + checkout + "/collector/target/pannier/jvm.options",
            "-jar",
            jar.toString(),
            "run",
            "--config",
            "a file.yaml",
            "MALLOC_ARENA_MAX=1");
  }

  @Test
  void buildsWhatIsMissingAndSaysSoOnStandardError() throws Exception {
    Run run = pannier(Map.of(), "run");

    assertThat(run.code()).isEqualTo(7);
    assertThat(run.err()).contains("pannier: building the sidecar", "-pl collector -am package");
    assertThat(run.out()).doesNotContain("mvn").contains("run");
    assertThat(pannier(Map.of(), "run").err()).isEmpty();
  }

  @Test
  void buildsAgainWhenASourceIsNewer() throws Exception {
    built();
    Path source = Files.writeString(checkout.resolve("shippers/src/main/X.java"), "");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plus(Duration.ofSeconds(2))));
    Files.setLastModifiedTime(jar, FileTime.from(Instant.now().minus(Duration.ofHours(1))));

    assertThat(pannier(Map.of(), "run").err()).contains("building the sidecar");
  }

  @Test
  void aBuildThatFailsEndsWith1AndStartsNothing() throws Exception {
    Run run = pannier(Map.of("MVN_CODE", "1"), "run");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("the build failed");
  }

  @Test
  void theHeapFitsTheMemoryOfTheFile() throws Exception {
    built();
    Files.writeString(folder.resolve("p.yaml"), "a: b\nmemory: 64MiB   # more\n");
    Files.writeString(folder.resolve("q.yaml"), "memory: ${env:MEMORY}\n");

    assertThat(pannier(Map.of(), "run", "--config", "p.yaml").out()).contains("-Xmx80m");
    assertThat(pannier(Map.of(), "run", "--config=p.yaml").out()).contains("-Xmx80m");
    assertThat(pannier(Map.of(), "run", "-c", "q.yaml").out())
        .noneMatch(argument -> argument.startsWith("-Xmx"));
    // Octal to a shell, and no number to it.
    Files.writeString(folder.resolve("r.yaml"), "memory: 08MiB\n");
    assertThat(pannier(Map.of(), "run", "-c", "r.yaml").code()).isEqualTo(7);
    assertThat(pannier(Map.of("PANNIER_JVM_OPTIONS", "-Xmx99m -Da=b"), "run", "-c", "p.yaml").out())
        .containsSubsequence("-Xmx80m", "-Xmx99m", "-Da=b", "-jar");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          shippers: {k: {type: kafka, encoding: json, topic: t}}     | true
          shippers: {k: {type: kafka, encoding: json}}               | true
          '    encoding: "raw"   # the line'                         | true
          '    encoding: {logs: json, traces: otlp_proto}'           | true
          '    encoding: {traces: otlp_proto, logs: raw}'            | true
          '      logs: raw'                                          | true
          '    encoding: otlp_proto'                                 | false
          '    encoding: {logs: otlp_json, traces: otlp_proto}'      | false
          '#   encoding: json'                                       | false
          '    topic: events # encoding: json'                       | false
          sources: {logs: {parser: raw}}                             | false
          sources: {files: [{encoding: utf-8, parser: json}]}        | false
          """)
  void whereEachRecordIsAMessageTheCodeIsCompiledByC2Too(String line, boolean isMessages)
      throws Exception {
    built();
    Files.writeString(folder.resolve("p.yaml"), "memory: 64MiB\n" + line + "\n");

    List<String> out = pannier(Map.of(), "run", "--config", "p.yaml").out();

    assertThat(out.contains("-XX:TieredStopAtLevel=4")).isEqualTo(isMessages);
    assertThat(out.contains("-XX:CompileCommand=MemLimit,*.*,3m~stop")).isEqualTo(isMessages);
    assertThat(out).contains("-Xmx80m");
  }

  private static final Map<String, String> CACHED = Map.of("PANNIER_AOT_CACHE", "");

  @Test
  void theFirstRunMakesTheCacheAndEachUsesIt() throws Exception {
    built();

    Run run = pannier(CACHED, "run");

    assertThat(run.err()).contains("making the AOT cache", "building the demo");
    assertThat(run.out())
        .containsSubsequence(
            "-XX:AOTCache=" + cache, "-Dpannier.aot.cache=" + cache, "-jar", jar.toString());
    assertThat(pannier(CACHED, "run").err()).isEmpty();
    assertThat(pannier(CACHED, "validate").out()).contains("-XX:AOTCache=" + cache);
    assertThat(pannier(Map.of(), "run").out()).doesNotContain("-XX:AOTCache=" + cache);
  }

  @Test
  void onlyARunMakesTheCache() throws Exception {
    built();

    Run run = pannier(CACHED, "validate");

    assertThat(run.err()).isEmpty();
    assertThat(run.out()).noneMatch(argument -> argument.contains("aot"));
  }

  @ParameterizedTest
  @CsvSource({"--help", "-h", "--version"})
  void aRunThatOnlyAsksMakesNoCache(String question) throws Exception {
    built();

    assertThat(pannier(CACHED, "run", question).err()).isEmpty();
    assertThat(cache).doesNotExist();
  }

  /// Whoever names a JDK wants that one.
  @Test
  void aJdkThatIsNamedAndIsNoneIsToldAndNoOtherTaken() throws Exception {
    built();
    String other = folder.resolve("jdk").toString();

    Run run = pannier(Map.of("PANNIER_JAVA_HOME", "/not there", "JAVA_HOME", other), "run");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualTo(
            "PANNIER_JAVA_HOME is no JDK of version 25 or later, which has bin/javac and release"
                + " (/not there)\n");
    assertThat(pannier(Map.of("PANNIER_JAVA_HOME", "", "JAVA_HOME", other), "run").code())
        .isEqualTo(7);
  }

  @Test
  void theDemosBrokerRunsAlone() throws Exception {
    Run run = pannier(Map.of(), "broker");

    assertThat(run.out())
        .containsSubsequence(
            "dev.pannier.demo.BrokerMain", checkout + "/target/broker", "9092", "9093");
    assertThat(pannier(Map.of(), "broker", "/b", "1", "2").out())
        .containsSubsequence("dev.pannier.demo.BrokerMain", "/b", "1", "2");
    assertThat(pannier(Map.of(), "broker", "--help").out())
        .singleElement()
        .asString()
        .startsWith("usage: pannier broker [FOLDER");
    assertThat(pannier(Map.of(), "broker", "-x").code()).isEqualTo(2);
  }

  @Test
  void aCacheThatIsOlderThanAJarIsMadeAnew() throws Exception {
    built();
    Files.writeString(cache, "old");
    Files.setLastModifiedTime(cache, FileTime.from(Instant.now().minus(Duration.ofHours(1))));

    assertThat(pannier(CACHED, "validate").out()).noneMatch(argument -> argument.contains("aot"));
    assertThat(pannier(CACHED, "run").err()).contains("making the AOT cache");
    assertThat(cache).isEmptyFile();
  }

  @Test
  void whereTheCacheCannotBeMadeItRunsWithoutAndTriesNoMore() throws Exception {
    built();
    Map<String, String> failing = Map.of("PANNIER_AOT_CACHE", "", "TRAIN_CODE", "1");

    Run run = pannier(failing, "run");

    assertThat(run.code()).isEqualTo(7);
    assertThat(run.err()).contains("no AOT cache: the sidecar runs without");
    assertThat(run.out()).noneMatch(argument -> argument.contains("aot"));
    assertThat(pannier(CACHED, "run").err()).isEmpty();
  }

  @Test
  void twoFirstRunsTrainOnceAndBothUseTheCache() throws Exception {
    assumeThat(Path.of("/usr/bin/flock")).as("without it launchers do not wait").exists();
    built();
    Map<String, String> slow = Map.of("PANNIER_AOT_CACHE", "", "TRAIN_SECONDS", "1");

    Started one = started("1", slow, "run");
    Started other = started("2", slow, "run");
    List<Run> both = List.of(one.ended(), other.ended());

    assertThat(both)
        .allSatisfy(run -> assertThat(run.out()).contains("-XX:AOTCache=" + cache))
        .filteredOn(run -> run.err().contains("making the AOT cache"))
        .hasSize(1);
  }

  @Test
  void aCacheThatCannotBeRemovedDoesNotKeepTheSidecarFromRunning() throws Exception {
    built();
    // Root, too, cannot remove a folder as if it were a file.
    Files.createDirectories(cache.resolve("in the way"));

    Run run = pannier(Map.of("PANNIER_AOT_CACHE", "", "TRAIN_CODE", "1"), "run");

    assertThat(run.code()).isEqualTo(7);
    assertThat(run.err()).contains("no AOT cache: the sidecar runs without");
    assertThat(run.out()).contains("run").noneMatch(argument -> argument.contains("aot"));
    assertThat(pannier(CACHED, "validate").code()).isEqualTo(7);
  }

  @Test
  void whereNothingCanBeWrittenTheSidecarRunsWithoutCache() throws Exception {
    built();
    Path home = checkout.resolve("collector/target/pannier");
    assertThat(home.toFile().setWritable(false)).isTrue();
    try {
      assumeThat(Files.isWritable(home)).as("root writes everywhere").isFalse();

      Run run = pannier(CACHED, "run");

      assertThat(run.code()).isEqualTo(7);
      assertThat(run.err()).contains("no AOT cache can be written to " + home);
      assertThat(run.out()).contains("run").noneMatch(argument -> argument.contains("aot"));
    } finally {
      assertThat(home.toFile().setWritable(true)).isTrue();
    }
  }

  @Test
  void aJdkThatDoesNotTellItsVersionRunsWithoutCache() throws Exception {
    built();
    Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");

    Run run = pannier(CACHED, "run");

    assertThat(run.code()).isEqualTo(7);
    assertThat(run.err()).isEmpty();
  }
}

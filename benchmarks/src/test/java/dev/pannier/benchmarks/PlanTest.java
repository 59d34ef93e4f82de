package dev.pannier.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.benchmarks.Plan.Work;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanTest {
  @Test
  void withoutWorksItIsAllThatMeasureTheWholeProcess() {
    Plan plan = Plan.of(new String[] {});

    assertThat(plan.works())
        .isEqualTo(EnumSet.complementOf(EnumSet.of(Work.JMH, Work.SOAK, Work.SOAK_SLOW)));
    assertThat(plan.sizeMiB()).isEqualTo(1024);
    assertThat(plan.runs()).isEqualTo(1);
    assertThat(plan.quick()).isFalse();
  }

  @Test
  void worksAndOptionsStandInAnyOrder(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("a.log"), "a\n");

    Plan plan =
        Plan.of(
            new String[] {
              "json-otlp", "--size", "64", "raw", "--file", file.toString(), "--quick"
            });

    assertThat(plan.works()).containsExactlyInAnyOrder(Work.JSON_OTLP, Work.RAW);
    assertThat(plan.sizeMiB()).isEqualTo(64);
    assertThat(plan.file()).isEqualTo(file);
    assertThat(plan.quick()).isTrue();
  }

  @Test
  void allIsEveryRowOfTheResults() {
    Plan plan = Plan.of(new String[] {"--all"});

    assertThat(plan.works()).isEqualTo(EnumSet.allOf(Work.class));
    assertThat(plan.sizeMiB()).isEqualTo(4096);
    assertThat(plan.runs()).isEqualTo(5);

    Plan smaller = Plan.of(new String[] {"--size", "64", "--all", "--runs", "3"});
    assertThat(smaller.works()).isEqualTo(EnumSet.allOf(Work.class));
    assertThat(smaller.sizeMiB()).isEqualTo(64);
    assertThat(smaller.runs()).isEqualTo(3);
  }

  @Test
  void resultsWithoutMarksAreRefusedBeforeAnythingIsMeasured(@TempDir Path folder)
      throws Exception {
    Path file = Files.writeString(folder.resolve("RESULTS.md"), "text\n");

    assertThatThrownBy(() -> Plan.of(new String[] {"--results", file.toString()}))
        .hasMessageEndingWith("it has no marks to write between: " + file);
  }

  @Test
  void aMistakeIsNamed() {
    assertThatThrownBy(() -> Plan.of(new String[] {"jsn"}))
        .hasMessageStartingWith("no such work: jsn (there are otlp, disk, once, raw,");
    assertThatThrownBy(() -> Plan.of(new String[] {"--size", "0"}))
        .hasMessage("--size is no number of 1 to 65536: 0");
    assertThatThrownBy(() -> Plan.of(new String[] {"--runs"})).hasMessage("--runs needs a value");
    assertThatThrownBy(() -> Plan.of(new String[] {"--file", "/none"}))
        .hasMessage("no such file: /none");
  }

  @Test
  void anotherBuildIsItsCollectorsJarAsItWasPackaged(@TempDir Path home) throws Exception {
    Path lib = Files.createDirectories(home.resolve("lib"));
    Path jar = Files.createFile(lib.resolve("pannier-collector.jar"));
    String[] arguments = {"--against", jar.toString()};
    assertThatThrownBy(() -> Plan.of(arguments))
        .hasMessage("no packaged sidecar: " + jar + " (jvm.options belongs beside its lib folder)");

    Files.createFile(home.resolve("jvm.options"));
    assertThat(Plan.of(arguments).against()).isEqualTo(jar);
  }
}

package dev.pannier.collector.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each bug is found by the promise that it breaks, and not by another one or by a class that cannot be loaded. The history that shows it
/// has nothing to show without it.
class PlantedBugTest {
  private static final int SEEDS = 2_000;

  @ParameterizedTest
  @EnumSource(PlantedBug.class)
  void simulationFindsIt(PlantedBug bug) throws ReflectiveOperationException {
    PlantedBug.Found found = bug.find(SEEDS);
    System.out.println(bug + " is found: " + found);
    assertThat(found).isNotNull();
    Throwable what = Objects.requireNonNull(found).what();
    assertThat(what).isExactlyInstanceOf(AssertionError.class);
    assertThat(what.getMessage()).containsPattern(bug.promise);
    assertThat(what.getStackTrace()[0].getClassName())
        .as("who has found it")
        .startsWith(Simulation.class.getPackageName());
    assertThat(Simulation.run(bug.mode, found.seed(), 1, Simulation.STEPS, 1, 1).failures)
        .as("the same history without the bug")
        .isEmpty();
  }
}

package dev.pannier.collector.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Two thousand histories of the whole path, a quarter of them in each mode; `-Dpannier.simulation.seeds=100000` for more.
class SimulationTest {
  private static final int SEEDS =
      Integer.getInteger("pannier.simulation.seeds", 2_000) / World.Mode.values().length;

  @ParameterizedTest
  @EnumSource(World.Mode.class)
  void everyPromiseIsKeptInEveryHistory(World.Mode mode) {
    Simulation.Totals totals =
        Simulation.run(
            mode, 1, SEEDS, Simulation.STEPS, Runtime.getRuntime().availableProcessors(), 5);
    System.out.println(mode + "\n" + totals.histogram());
    assertThat(totals.failures)
        .as(
            () ->
                totals.failures.isEmpty()
                    ? ""
                    : totals.failures.peek().command()
                        + "\n"
                        + Simulation.story(totals.failures.peek(), 100))
        .isEmpty();
    assertThat(totals.averageCrashes()).isGreaterThanOrEqualTo(3);
    assertThat(totals.averageRotations()).isGreaterThanOrEqualTo(2);
  }
}

package dev.pannier.collector.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlantedBugTest {
  private static final int SEEDS = 2_000;

  @ParameterizedTest
  @EnumSource(PlantedBug.class)
  void simulationFindsIt(PlantedBug bug) throws ReflectiveOperationException {
    String found = bug.find(SEEDS);
    System.out.println(bug + " is found: " + found);
    assertThat(found).isNotEmpty();
  }
}

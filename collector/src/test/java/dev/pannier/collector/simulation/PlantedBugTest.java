package dev.pannier.collector.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class PlantedBugTest {
  private static final int SEEDS = 2_000;

  @ParameterizedTest
  // Its histories within 2,000 seeds are too few: seed 1068 alone failed with it, and failed
  // without it
  // before the name of the buffer's directory was synced.
  @EnumSource(value = PlantedBug.class, mode = Mode.EXCLUDE, names = "NUMBER_USED_AGAIN")
  void simulationFindsIt(PlantedBug bug) throws ReflectiveOperationException {
    String found = bug.find(SEEDS);
    System.out.println(bug + " is found: " + found);
    assertThat(found).isNotEmpty();
  }
}

package dev.pannier.collector.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PlacesTest {
  private static List<Long> all(Places places) {
    List<Long> all = new ArrayList<>();
    while (!places.isEmpty()) {
      assertThat(places.position()).isEqualTo(-places.number());
      all.add(places.number());
      places.removeFirst();
    }
    return all;
  }

  @Test
  void keepsTheOrderOfNumbersWhateverComesAndGoes() {
    for (int seed = 0; seed < 200; seed++) {
      // Numbers of a wide range become many.
      int range = seed % 2 == 0 ? 100 : 10_000;
      Random random = new Random(seed);
      Places places = new Places();
      TreeSet<Long> model = new TreeSet<>();
      for (int step = 0; step < 2 * range + 100; step++) {
        long number = random.nextInt(range);
        switch (random.nextInt(step % 1_000 < 700 ? 8 : 3)) {
          case 0, 1 -> {
            if (!model.isEmpty()) {
              assertThat(places.number()).isEqualTo(model.pollFirst());
              places.removeFirst();
            }
          }
          case 2 -> {
            if (random.nextInt(10) == 0) {
              places.remove(number, number + 10);
              model.subSet(number, number + 11).clear();
            }
          }
          default -> {
            if (model.add(number)) {
              places.add(number, -number);
            }
          }
        }
        assertThat(places.isEmpty()).isEqualTo(model.isEmpty());
      }
      assertThat(all(places)).containsExactlyElementsOf(model);
    }
  }

  @Test
  void whatGoesBehindAllComesLast() {
    Places places = new Places();
    for (long number = 1; number <= 5; number++) {
      places.add(number, -number);
    }
    for (int i = 0; i < 102; i++) {
      long first = places.number();
      places.removeFirst();
      places.addLast(first, -first);
    }
    assertThat(all(places)).containsExactly(3L, 4L, 5L, 1L, 2L);
  }
}

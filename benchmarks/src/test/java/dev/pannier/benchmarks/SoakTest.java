package dev.pannier.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class SoakTest {
  private static final Soak SOAK =
      new Soak(
          "full",
          "",
          1_000,
          500,
          1_500,
          60,
          0.5,
          131.5,
          List.of(
              new Soak.Sample(20.5, 120.25, 100.5, 20, 60, 50),
              new Soak.Sample(41, 110, 105.5, 20, 61, 40)));

  @Test
  void theHighestMemoryIsTheProcessesOwnMarkAndNotASample() {
    assertThat(SOAK.highest(Soak.Figure.RSS)).isEqualTo(131.5);
    assertThat(SOAK.highest(Soak.Figure.PSS)).isEqualTo(105.5);
  }

  @Test
  void figuresAreTheSameInEveryCountry() throws Exception {
    String picture = SOAK.picture();
    Report report = new Report(List.of());
    report.soak(SOAK);

    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      assertThat(SOAK.picture()).isEqualTo(picture);
      Report there = new Report(List.of());
      there.soak(SOAK);
      assertThat(table(there)).isEqualTo(table(report)).contains("| 132 |", "1,000 lines");
    } finally {
      Locale.setDefault(before);
    }
  }

  /// Without the line that says when it was taken.
  private static String table(Report report) {
    String text = report.toString();
    return text.substring(text.indexOf("| |"));
  }
}

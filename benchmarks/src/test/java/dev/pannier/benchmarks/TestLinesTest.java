package dev.pannier.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TestLinesTest {
  @Test
  void theSameLinesEachTime() {
    assertThat(TestLines.text(100_000)).isEqualTo(TestLines.text(100_000));
    assertThat(TestLines.json(100_000)).isEqualTo(TestLines.json(100_000));
  }

  @Test
  void jsonLinesHave512Bytes() {
    List<String> lines = new String(TestLines.json(1 << 20), US_ASCII).lines().toList();

    assertThat(lines).hasSize(2048).allSatisfy(line -> assertThat(line).hasSize(511));
  }

  @Test
  void textLinesAreAsLongAsTheySay() {
    List<String> lines = new String(TestLines.text(1 << 20), US_ASCII).lines().toList();

    assertThat(lines).allSatisfy(line -> assertThat(line).hasSizeBetween(94, 159));
  }
}

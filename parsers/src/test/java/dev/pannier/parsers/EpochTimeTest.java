package dev.pannier.parsers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EpochTimeTest {
  private final LineParser json = Parsers.create(new ParserSpec.Json(), ZoneOffset.UTC);

  private Map<String, String> time(String number) {
    return Fields.parse(json, "{\"ts\":" + number + ",\"msg\":\"m\"}");
  }

  @ParameterizedTest
  @CsvSource({
    "1795442400, 1795442400000000000",
    "1795442400.5, 1795442400500000000",
    "1795442400.123456789, 1795442400123456789",
    "1795442400.1234567891234, 1795442400123456789",
    "1795442400500, 1795442400500000000",
    "1795442400500.25, 1795442400500250000",
    "1795442400500250, 1795442400500250000",
    "1795442400500250125, 1795442400500250125",
    "1.7954424e9, 1795442400000000000",
    "1.7954424005E+12, 1795442400500000000",
    "17954424e2, 1795442400000000000",
    "'\"1795442400500\"', 1795442400500000000",
    "100000000, 100000000000000000",
    "9223372036, 9223372036000000000",
    "100000000000, 100000000000000000",
    "9223372036854, 9223372036854000000",
    "100000000000000, 100000000000000000",
    "9223372036854775, 9223372036854775000",
    "100000000000000000, 100000000000000000",
    "9223372036854775807, 9223372036854775807"
  })
  void theUnitIsToldByTheMagnitude(String number, String nanos) {
    assertThat(time(number)).containsOnly(entry("body", "m"), entry("time", nanos));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "12",
        "0.25",
        "99999999",
        "9223372037",
        "20000000000",
        "99999999999",
        "9223372036855",
        "99999999999999",
        "9223372036854776",
        "99999999999999999",
        "9223372036854775808",
        "123456789012345678901234567890",
        "-1795442400",
        "-1795442400.5",
        "1e400",
        "1e-400",
        "1e999999999999"
      })
  void whatStandsForNoTimeStaysAnAttribute(String number) {
    assertThat(time(number))
        .contains(entry("result", "TIME_UNREADABLE"))
        .containsKey("@ts")
        .doesNotContainKey("time");
  }

  @ParameterizedTest
  @CsvSource({
    "10, 1",
    "20, 5",
    "30, 9",
    "40, 13",
    "50, 17",
    "60, 21",
    "5000, 1",
    "10000, 5",
    "20000, 9",
    "30000, 13",
    "40000, 17",
    "3, 0",
    "35, 0",
    "70, 0",
    "-10, 0",
    "50000, 0",
    "0, 0"
  })
  void numbersAsLevelsAreThoseOfPinoAndLogback(String level, String severity) {
    assertThat(Fields.parse(json, "{\"level\":" + level + ",\"msg\":\"m\"}"))
        .containsOnly(entry("body", "m"), entry("severity", severity + " " + level));
  }

  @Test
  void levelValueCountsOnlyWhereThereIsNoLevel() {
    assertThat(Fields.parse(json, "{\"level_value\":40000,\"msg\":\"m\"}"))
        .containsOnly(entry("body", "m"), entry("severity", "17 40000"));
    assertThat(Fields.parse(json, "{\"level_value\":40000,\"level\":\"WARN\",\"msg\":\"m\"}"))
        .containsOnly(entry("body", "m"), entry("severity", "13 WARN"));
  }

  @Test
  void theFirstOfSeveralNamesForTheSameFieldCountsAndNoneIsLost() {
    assertThat(
            Fields.parse(
                json, "{\"message\":\"a\",\"text\":\"b\",\"level\":\"INFO\",\"lvl\":\"x\"}"))
        .containsOnly(
            entry("body", "a"),
            entry("@text", "b"),
            entry("severity", "9 INFO"),
            entry("@lvl", "x"));
  }
}

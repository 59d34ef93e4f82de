package dev.pannier.parsers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Times that do not say all that an instant needs.
class LocalTimesTest {
  private static @Nullable String time(LineParser parser, String line, String observed) {
    parser.observedAt(Instant.parse(observed).getEpochSecond() * 1_000_000_000L);
    Map<String, String> fields = Fields.parse(parser, line);
    String nanos = fields.get("time");
    return nanos == null ? null : Instant.ofEpochSecond(0, Long.parseLong(nanos)).toString();
  }

  @ParameterizedTest
  @CsvSource({
    // The clock goes from 2:00 to 3:00: read with the offset before.
    "2026-03-29 02:30:00, 2026-03-29T01:30:00Z",
    "2026-03-29 01:59:59, 2026-03-29T00:59:59Z",
    "2026-03-29 03:00:00, 2026-03-29T01:00:00Z",
    // And from 3:00 back to 2:00: the earlier of two.
    "2026-10-25 02:30:00, 2026-10-25T00:30:00Z",
    "2026-10-25 03:00:00, 2026-10-25T02:00:00Z"
  })
  void whereClocksChangeTheOffsetBeforeCounts(String local, String instant) {
    ZoneId berlin = ZoneId.of("Europe/Berlin");
    LineParser parser =
        Parsers.create(new ParserSpec.Logback("%d{yyyy-MM-dd HH:mm:ss} %m"), berlin);

    assertThat(time(parser, local + " x", "2026-11-23T00:00:00Z")).isEqualTo(instant);
    // The offset that is remembered is that of no other day.
    assertThat(time(parser, "2026-07-01 12:00:00 x", "2026-11-23T00:00:00Z"))
        .isEqualTo("2026-07-01T10:00:00Z");
    assertThat(time(parser, local + " x", "2026-11-23T00:00:00Z")).isEqualTo(instant);
  }

  @Property
  void everyLocalTimeIsReadAsTheJdkDoes(
      @ForAll @LongRange(min = 1, max = 9_000_000_000L) long seconds) {
    for (String name :
        new String[] {"Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai", "Pacific/Apia"}) {
      ZoneId zone = ZoneId.of(name);
      LocalTime time = new LocalTime(zone);
      for (int i = 0; i < 4; i++) {
        long local = seconds + i * 86_400L * 40;
        LocalDateTime date = LocalDateTime.ofEpochSecond(local, 0, java.time.ZoneOffset.UTC);
        long instant = local - zone.getRules().getOffset(date).getTotalSeconds();
        assertThat(time.nanos(local, 7))
            .as("%s in %s", date, zone)
            .isEqualTo(instant < 0 ? 0 : instant * 1_000_000_000L + 7);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Nov 23 14:00:00, 2026-11-23T14:00:01Z, 2026-11-23T14:00:00Z",
    "Dec 31 23:59:59, 2027-01-01T00:00:05Z, 2026-12-31T23:59:59Z",
    "Jan  1 00:00:02, 2026-12-31T23:59:59Z, 2027-01-01T00:00:02Z",
    "Nov 25 14:00:00, 2026-11-23T14:00:01Z, 2025-11-25T14:00:00Z",
    "Feb 29 10:00:00, 2026-11-23T14:00:01Z, 2024-02-29T10:00:00Z"
  })
  void aTimeWithoutItsYearIsTheLastOneBeforeItWasRead(
      String local, String observed, String instant) {
    LineParser auto = Parsers.create(new ParserSpec.Auto(), ZoneId.of("UTC"));

    assertThat(time(auto, local + " host app[1]: text", observed)).isEqualTo(instant);
  }

  @ParameterizedTest
  @CsvSource({"2026-02-30 00:00:00", "2026-04-31 00:00:00", "2025-02-29 00:00:00"})
  void aDayThatIsNotInTheCalendarIsNoTime(String local) {
    LineParser parser =
        Parsers.create(
            new ParserSpec.Regex("(?<time>.{19}) (?<body>.*)", "yyyy-MM-dd HH:mm:ss", null),
            ZoneId.of("UTC"));
    byte[] line = (local + " x").getBytes(UTF_8);

    assertThat(parser.parse(line, 0, line.length, Nowhere.SINK))
        .isEqualTo(ParseResult.TIME_UNREADABLE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dd/MMM/yyyy:HH:mm:ss Z | 23/Nov/2026:15:00:00 +0100",
        "yyyy-MM-dd HH:mm:ss z | 2026-11-23 15:00:00 CET",
        "yyyy-MM-dd HH:mm[:ss] | 2026-11-23 22:00",
        "MMM d HH:mm:ss | Nov 23 22:00:00",
        "epoch_s | 1795442400",
        "epoch_ms | 1795442400000"
      })
  void theLayoutOfARegularExpressionsTimeMayBeAnyOfTheJdks(String layout, String text) {
    LineParser parser =
        Parsers.create(
            new ParserSpec.Regex("^<(?<time>[^>]*)> (?<body>.*)$", layout, "Asia/Shanghai"),
            ZoneId.of("UTC"));

    assertThat(time(parser, "<" + text + "> x", "2026-11-23T20:00:00Z"))
        .isEqualTo("2026-11-23T14:00:00Z");
  }

  /// OTLP's times are unsigned: -3,590 s would be a time in 2554.
  @ParameterizedTest
  @CsvSource({
    "yyyy-MM-dd'T'HH:mm:ssXXX, 1970-01-01T00:00:10+01:00",
    "yyyy-MM-dd'T'HH:mm:ss,    1970-01-01T00:00:10"
  })
  void aTimeBeforeTheEpochIsUnknown(String layout, String text) {
    ZoneId berlin = ZoneId.of("Europe/Berlin");
    LineParser pattern =
        Parsers.create(new ParserSpec.Logback("%d{" + layout + "} %level %m"), berlin);
    LineParser json = Parsers.create(new ParserSpec.Json(), berlin);

    assertThat(time(pattern, text + " INFO x", "2026-11-23T00:00:00Z"))
        .isEqualTo("1970-01-01T00:00:00Z");
    assertThat(time(json, "{\"time\":\"" + text + "\",\"msg\":\"x\"}", "2026-11-23T00:00:00Z"))
        .isEqualTo("1970-01-01T00:00:00Z");
  }

  @Test
  void anOffsetCountsThoughTheYearIsNotSaid() {
    LineParser parser =
        Parsers.create(
            new ParserSpec.Logback("%d{MM-dd HH:mm:ss.SSSXXX} %m"), ZoneId.of("Europe/Berlin"));

    assertThat(time(parser, "11-22 14:00:00.000-05:00 x", "2026-11-23T00:00:00Z"))
        .isEqualTo("2026-11-22T19:00:00Z");
  }

  @Test
  void anHourOfTheHalfDayIsOne() {
    LineParser parser =
        Parsers.create(
            new ParserSpec.Logback("%d{yyyy-MM-dd h:mm:ss a} %m"), ZoneId.of("Europe/Berlin"));

    assertThat(time(parser, "2026-11-22 2:00:00 PM x", "2026-11-23T00:00:00Z"))
        .isEqualTo("2026-11-22T13:00:00Z");
    assertThat(time(parser, "2026-11-22 x:00:00 PM x", "2026-11-23T00:00:00Z")).isNull();
  }
}

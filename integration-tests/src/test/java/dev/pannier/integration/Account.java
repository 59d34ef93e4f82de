package dev.pannier.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// What was handed over to a sidecar, and what a `read_committed` consumer has of it. A request whose client
/// never saw the answer may have arrived or not, and twice where it was sent again: those are counted apart.
///
/// @param written      lines, no two alike
/// @param lines        those that arrived
/// @param acknowledged the ids of spans whose request was answered with 200
/// @param unanswered   the ids of those whose request ended without an answer
/// @param spans        the ids of those that arrived
record Account(
    List<String> written,
    List<String> lines,
    List<String> acknowledged,
    List<String> unanswered,
    List<String> spans) {

  void assertNothingLost() {
    assertThat(linesLost()).as("lines lost").isEmpty();
    assertThat(spansLost()).as("acknowledged spans lost").isEmpty();
    assertThat(missing(lines, written)).as("lines that nobody wrote").isEmpty();
    assertThat(acknowledged).isNotEmpty();
  }

  void assertNothingTwice() {
    assertThat(linesTwice()).as("lines that came twice").isEmpty();
    assertThat(spansTwice()).as("spans that came twice").isEmpty();
  }

  List<String> linesLost() {
    return missing(written, lines);
  }

  List<String> linesTwice() {
    return repeats(lines);
  }

  List<String> spansLost() {
    return missing(acknowledged, spans);
  }

  /// But for those of unanswered requests.
  List<String> spansTwice() {
    List<String> twice = repeats(spans);
    twice.removeAll(unanswered);
    return twice;
  }

  @Override
  public String toString() {
    List<String> uncertain = new ArrayList<>(spans);
    uncertain.retainAll(new HashSet<>(unanswered));
    int uncertainTwice = repeats(uncertain).size();
    return "%,d lines, %,d lost, %,d twice; %,d requests acknowledged, %,d lost, %,d twice; %,d unanswered, %,d of them arrived, %,d twice"
        .formatted(
            written.size(),
            linesLost().size(),
            linesTwice().size(),
            acknowledged.size(),
            spansLost().size(),
            spansTwice().size(),
            unanswered.size(),
            uncertain.size() - uncertainTwice,
            uncertainTwice);
  }

  /// By hash: there are tens of thousands.
  private static List<String> missing(List<String> sent, List<String> arrived) {
    Set<String> left = new LinkedHashSet<>(sent);
    new HashSet<>(arrived).forEach(left::remove);
    return List.copyOf(left);
  }

  private static List<String> repeats(List<String> arrived) {
    Set<String> seen = new HashSet<>();
    List<String> repeats = new ArrayList<>(arrived);
    repeats.removeIf(seen::add);
    return repeats;
  }
}

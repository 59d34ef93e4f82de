package dev.pannier.inject.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.inject.pod.Change;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YamlTextTest {
  private static final Map<String, Object> B = Map.of("name", "b");

  private static Change.Add add(String path, Object value) {
    return new Change.Add(List.of(path.split("/")), value);
  }

  private static Change.Remove remove(String path) {
    return new Change.Remove(List.of(path.split("/")));
  }

  private static String changed(String text, Change... changes) {
    return YamlText.parse(text).changed(Map.of(0, List.of(changes))).toString();
  }

  @Test
  void anElementComesBehindTheLastOneAndItsComment() {
    assertThat(
            changed(
                """
                list:
                - name: a # first
                  # about nothing
                next: 1
                """,
                add("list/-", B)))
        .isEqualTo(
            """
            list:
            - name: a # first
            - name: b
              # about nothing
            next: 1
            """);
  }

  @Test
  void anElementBeforeTheFirstComesAboveItsComments() {
    assertThat(
            changed(
                """
                list: # all
                  # the first
                  - name: a
                """,
                add("list/0", B)))
        .isEqualTo(
            """
            list: # all
              - name: b
              # the first
              - name: a
            """);
  }

  @Test
  void dashesOfANewListStandAsThoseOfOthers() {
    String text =
        """
        other:
          - 1
        map:
          key: value
        """;
    assertThat(changed(text, add("map/list", List.of(B, "c"))))
        .isEqualTo(text + "  list:\n    - name: b\n    - c\n");
  }

  @Test
  void aKeyWithNothingBehindItGetsItsElements() {
    assertThat(changed("a:\n  env: # none\n  b: 1\n", add("a/env", List.of(B))))
        .isEqualTo("a:\n  env: # none\n  - name: b\n  b: 1\n");
  }

  @Test
  void aKeyWithNothingBehindItGetsItsElementsBeforeTheNextKeyComes() {
    assertThat(changed("a:\n  env:\n", add("a/b", 1L), add("a/env", List.of(B))))
        .isEqualTo("a:\n  env:\n  - name: b\n  b: 1\n");
  }

  @Test
  void bracketsAreFilledInPlace() {
    assertThat(changed("a: [ ]\n", add("a/-", B))).isEqualTo("a: [ {name: b}]\n");
    assertThat(changed("a: [ ]\n", add("a/-", B), add("a/-", 1L)))
        .isEqualTo("a: [ {name: b}, 1]\n");
    assertThat(changed("a: {}\n", add("a/k", "v"))).isEqualTo("a: {k: v}\n");
    assertThat(changed("a: [1, 2, ]\n", add("a/-", B))).isEqualTo("a: [1, 2, {name: b}, ]\n");
    assertThat(changed("a: [1]\n", add("a/0", B))).isEqualTo("a: [{name: b}, 1]\n");
  }

  @Test
  void jsonStaysJsonInItsOwnIndentation() {
    assertThat(
            changed(
                """
                {
                    "a": [
                        {
                            "name": "a"
                        }
                    ]
                }
                """,
                add("a/-", B),
                add("c", Map.of("d", List.of(1L, true)))))
        .isEqualTo(
            """
            {
                "a": [
                    {
                        "name": "a"
                    },
                    {
                        "name": "b"
                    }
                ],
                "c": {
                    "d": [
                        1,
                        true
                    ]
                }
            }
            """);
  }

  @Test
  void whatIsDeeperComesFirst() {
    assertThat(changed("a:\n  b:\n    c: 1\n", add("d", 1L), add("a/b/e", 2L), add("a/f", 3L)))
        .isEqualTo("a:\n  b:\n    c: 1\n    e: 2\n  f: 3\nd: 1\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: 1",
        "a: |\n  text\n\n\n",
        "a: |+\n  text\n\n",
        "a: >-\n  text\n",
        "a: |-\n  text",
        "a: \"b\n  c\"\n",
        "a: b\n  c\n",
        "a:\n",
        "a: # nothing\n",
        "a: '#'\n# end\n",
        "a: [1,\n  2]\n---\nb: 1\n",
        "a: 😀 # 😀\n...\n",
        "%YAML 1.2\n---\na: 1\n---\n",
        "a: 1\r\nb:\r\n- c\r\n"
      })
  void whatWasAddedIsTakenOutWithoutATrace(String text) {
    Object value = Map.of("x", List.of(B));
    String added = changed(text, add("added", value));
    assertThat(added).isNotEqualTo(text);
    assertThat(changed(added, remove("added"))).isEqualTo(text);
  }

  @Test
  void removalsFromBracketsTakeTheirSeparators() {
    assertThat(changed("a: [1, 2, 3]\n", remove("a/2"), remove("a/1"))).isEqualTo("a: [1]\n");
    assertThat(changed("a: [1, 2, 3]\n", remove("a/1"), remove("a/0"))).isEqualTo("a: [3]\n");
    assertThat(changed("a: [1, 2, 3]\n", remove("a/2"), remove("a/0"))).isEqualTo("a: [2]\n");
    assertThat(changed("a: [ 1 ]\n", remove("a/0"))).isEqualTo("a: [  ]\n");
  }

  @Test
  void textsThatOtherReadersTakeForSomethingElseAreQuoted() {
    assertThat(
            changed(
                "a: 1\n",
                add("b", List.of("yes", "1", "1e3", "a: b", "x #", "ok/1:2", "", "null"))))
        .isEqualTo(
            """
            a: 1
            b:
            - "yes"
            - "1"
            - "1e3"
            - "a: b"
            - "x #"
            - ok/1:2
            - ""
            - "null"
            """);
  }

  @Test
  void whatAnAliasStandsForIsNotChanged() {
    assertThatThrownBy(() -> changed("a: &x\n- 1\nb: *x\n", add("b/-", 2L)))
        .isInstanceOfSatisfying(YamlProblem.class, e -> assertThat(e.line()).isEqualTo(3))
        .hasMessageContaining("alias");
    assertThatThrownBy(() -> changed("a: &x\n- 1\nb: *x\n", add("a/-", 2L)))
        .hasMessageContaining("anchor");
    assertThat(changed("a: &x\n- 1\nb: *x\nc:\n- 1\n", add("c/-", 2L)))
        .isEqualTo("a: &x\n- 1\nb: *x\nc:\n- 1\n- 2\n");
  }

  @Test
  void whatAMergeKeyBringsIsNotChanged() {
    assertThatThrownBy(() -> changed("a: &x {env: []}\nb:\n  <<: *x\n", add("b/env/-", 2L)))
        .isInstanceOfSatisfying(YamlProblem.class, e -> assertThat(e.line()).isEqualTo(3))
        .hasMessageContaining("merge");
  }

  @Test
  void theTreeIsWhatKubernetesReads() {
    assertThat(
            YamlText.parse("a: &x {b: 1, c: true}\nd:\n  <<: *x\n  b: '1'\nf: !!str 1\n").tree(0))
        .isEqualTo(
            Map.of(
                "a", Map.of("b", 1L, "c", true),
                "d", Map.of("b", "1", "c", true),
                "f", "1"));
  }

  /// Of YAML 1.1, by what `kubectl label --local` makes of them.
  @Test
  void truthsAndNumbersAreThoseOfKubectl() {
    for (String truth : List.of("yes", "Y", "on", "ON", "True")) {
      assertThat(YamlText.parse(truth).tree(0)).as(truth).isEqualTo(true);
    }
    for (String truth : List.of("no", "n", "off", "Off", "FALSE")) {
      assertThat(YamlText.parse(truth).tree(0)).as(truth).isEqualTo(false);
    }
    Map<String, Long> numbers =
        Map.of(
            "01000", 512L, "-010", -8L, "0o17", 15L, "0X1F", 31L, "0b11", 3L, "+80", 80L, "1_000",
            1_000L, "08", 8L, "0", 0L);
    numbers.forEach(
        (text, number) -> assertThat(YamlText.parse(text).tree(0)).as(text).isEqualTo(number));
    for (String text : List.of("'yes'", "\"01000\"", "!!str on", "yEs", "0x", "0b2", "1.5", "_1")) {
      assertThat(YamlText.parse(text).tree(0)).as(text).isInstanceOf(String.class);
    }
  }

  @Test
  void aKeyThatIsThereTwiceIsAProblemWithItsLine() {
    assertThatThrownBy(() -> YamlText.parse("a: 1\nb: 2\na: 3\n").tree(0))
        .isInstanceOfSatisfying(YamlProblem.class, e -> assertThat(e.line()).isEqualTo(3))
        .hasMessageContaining("twice (a)");
  }

  @Test
  void linesAreThoseOfTheNearestThingThatIsThere() {
    YamlText text = YamlText.parse("a:\n- b: 1\n- c:\n    d: 1\n---\ne: 1\n");
    assertThat(text.line(0, List.of("a", "1", "c", "x", "y"))).isEqualTo(3);
    assertThat(text.line(0, List.of("a", "1", "c", "d"))).isEqualTo(4);
    assertThat(text.line(1)).isEqualTo(6);
  }

  @Test
  void emojiMayBeAnywhere() {
    for (int length = 1_000; length < 1_100; length++) {
      String text = "# " + "-".repeat(length) + "😀\na: 1\n";
      assertThat(changed(text, add("b", 2L))).isEqualTo(text + "b: 2\n");
    }
  }

  @Test
  void textThatIsNoYamlIsAProblemWithItsLine() {
    assertThatThrownBy(() -> YamlText.parse("a: 1\nb: [1\n"))
        .isInstanceOfSatisfying(YamlProblem.class, e -> assertThat(e.line()).isEqualTo(3));
    assertThatThrownBy(() -> YamlText.parse("[".repeat(1_000))).hasMessageContaining("nested");
  }
}

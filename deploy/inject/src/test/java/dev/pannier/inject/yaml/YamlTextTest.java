package dev.pannier.inject.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.pannier.inject.pod.Change;
import dev.pannier.inject.pod.WrittenNull;
import java.util.HashMap;
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a:\n  env: null # why\n  b: 1\n|a:\n  env: # why\n  - name: b\n  b: 1\n",
        "a:\n  env: ~|a:\n  env:\n  - name: b",
        "a:\n- 1\nb:\n  \"env\" : NULL\n  # c\n|a:\n- 1\nb:\n  \"env\" :\n  - name: b\n  # c\n",
        "a:\n  env:   Null  # odd\n|a:\n  env:   [{name: b}]  # odd\n",
        "a: {x: 1, env: null, b: ~}\n|a: {x: 1, env: [{name: b}], b: ~}\n"
      })
  void aNullIsReplacedAndComesBack(String texts) {
    String before = texts.substring(0, texts.indexOf('|'));
    String after = texts.substring(texts.indexOf('|') + 1);
    String key = before.contains("b:\n") ? "b/env" : "a/env";
    assertThat(changed(before, add(key, List.of(B)))).isEqualTo(after);
    String written = before.replaceAll("(?s).*env\"? *: +(\\S+?)(?:[, \n].*|$)", "$1");
    assertThat(changed(after, add(key, new WrittenNull(written)))).isEqualTo(before);
  }

  @Test
  void aNullInJsonIsReplacedInItsIndentation() {
    String text =
        """
        {
          "a": {
            "env": null
          }
        }
        """;
    String added = changed(text, add("a/env", List.of(B)));
    assertThat(added)
        .isEqualTo(
            """
            {
              "a": {
                "env": [
                  {
                    "name": "b"
                  }
                ]
              }
            }
            """);
    assertThat(changed(added, add("a/env", new WrittenNull("null")))).isEqualTo(text);
  }

  @Test
  void aNullThatAnAnchorNamesIsNotReplaced() {
    for (String text : List.of("a: &x null\nb: *x\n", "a: !!null null\n")) {
      assertThatThrownBy(() -> changed(text, add("a", List.of(B))))
          .isInstanceOf(YamlProblem.class)
          .hasMessageContaining("cannot be added to");
    }
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

  /// As `jq --tab` and Go's `MarshalIndent` write it.
  @Test
  void jsonMayHaveTabs() {
    String text = "{\n\t\"a\": [\n\t\t{\t\"name\":\t\"a\\t\\\"\"\t}\n\t],\r\n\t\"b\": 1\n}\n";
    String added = changed(text, add("a/-", B), add("c", Map.of("d", List.of(1L))));
    assertThat(added)
        .isEqualTo(
            """
            {
            \t"a": [
            \t\t{\t"name":\t"a\\t\\""\t},\r
            \t\t{\r
            \t\t\t"name": "b"\r
            \t\t}
            \t],\r
            \t"b": 1,\r
            \t"c": {\r
            \t\t"d": [\r
            \t\t\t1\r
            \t\t]\r
            \t}
            }
            """);
    assertThat(changed(added, remove("a/1"), remove("c"))).isEqualTo(text);
    assertThat(YamlText.parse(text).tree(0))
        .isEqualTo(Map.of("a", List.of(Map.of("name", "a\t\"")), "b", 1L));
  }

  /// As `jq -c '.items[]'` writes it.
  @ParameterizedTest
  @ValueSource(strings = {"\n", "", " ", "\n\n", "\n---\n", "\n---\t\n"})
  void jsonMayHaveOneObjectAfterTheOther(String between) {
    String text = "{\"a\":\"😀}{\"}" + between + "{\"b\":\t[]}" + between + "{\"c\":3}\n";
    YamlText read = YamlText.parse(text);
    assertThat(read.size()).isEqualTo(3);
    assertThat(read.tree(2)).isEqualTo(Map.of("c", 3L));
    assertThat(read.line(2))
        .isEqualTo(1 + 2 * (int) between.chars().filter(c -> c == '\n').count());
    YamlText added =
        read.changed(Map.of(0, List.of(add("x", 1L)), 1, List.of(add("b/-", 1L), add("y", 2L))));
    assertThat(added.toString())
        .isEqualTo(
            "{\"a\":\"😀}{\", \"x\": 1}"
                + between
                + "{\"b\":\t[1], \"y\": 2}"
                + between
                + "{\"c\":3}\n");
    assertThat(
            added
                .changed(Map.of(0, List.of(remove("x")), 1, List.of(remove("b/0"), remove("y"))))
                .toString())
        .isEqualTo(text);
  }

  @Test
  void jsonWithTabsMayStandAmongYaml() {
    String json = "--- # as it comes\n{\"a\": 1}\n---\n{\n\t\"b\": [\n\t\t1\n\t]\n}\n# end\n";
    String text = "# first\nc: é😀\n" + json + "---\nd: 1\n";
    YamlText read = YamlText.parse(text);
    assertThat(read.size()).isEqualTo(4);
    assertThat(read.line(3)).isEqualTo(13);
    assertThat(
            read.changed(Map.of(2, List.of(add("b/-", 2L)), 3, List.of(add("e", 2L)))).toString())
        .isEqualTo(text.replace("\t\t1\n", "\t\t1,\n\t\t2\n") + "e: 2\n");
  }

  /// As `helm template` writes it.
  @ParameterizedTest
  @ValueSource(
      strings = {"# Source: a.json\n", "---\n# Source: \"a\n\n# {\n", "---\t\n \t# it's\n"})
  void commentsMayStandBeforeJsonWithTabs(String head) {
    String text = head + "{\n\t\"b\": [\n\t\t1\n\t]\n}\n# don't \"{\n{\n\t\"c\":\t2\n}\n# end \"\n";
    YamlText read = YamlText.parse(text);
    assertThat(read.size()).isEqualTo(2);
    int lines = (int) head.lines().count();
    assertThat(read.line(0)).isEqualTo(lines + 1);
    assertThat(read.line(1)).isEqualTo(lines + 7);
    assertThat(
            read.changed(Map.of(0, List.of(add("b/-", 2L)), 1, List.of(add("d", 3L)))).toString())
        .isEqualTo(
            text.replace("\t1\n", "\t1,\n\t\t2\n").replace("\t2\n}\n#", "\t2,\n\t\"d\": 3\n}\n#"));
    String separated = read.separated();
    assertThat(separated).isEqualTo(text.replace("\"{\n{\n", "\"{\n---\n{\n"));
    assertThat(YamlText.parse(separated).size()).isEqualTo(2);
  }

  @Test
  void longCommentsMayStandBeforeJson() {
    assertThat(YamlText.parse("# c\n".repeat(100_000) + "{\n\t\"a\":\t1}\n").tree(0))
        .isEqualTo(Map.of("a", 1L));
  }

  @Test
  void aTabMayStandForABlank() {
    String text = "a:\t&x 1\t# why\nb:\t{c:\t[2,\t3],\t\"d\":\t\"e\tf\"}\nenv:\tnull\n";
    assertThat(YamlText.parse(text).tree(0)).hasToString("{a=1, b={c=[2, 3], d=e\tf}, env=null}");
    String added = changed(text, add("b/c/-", 4L), add("env", List.of(B)));
    assertThat(added).isEqualTo(text.replace("\t3]", "\t3, 4]").replace("\tnull", "\t[{name: b}]"));
    assertThat(changed(added, remove("b/c/2"), add("env", new WrittenNull("null"))))
        .isEqualTo(text);
    assertThatThrownBy(() -> YamlText.parse("a:\n-\tb: 1\n"))
        .as("kubectl does not take it either")
        .isInstanceOf(YamlProblem.class);
  }

  /// Each was read with one more reading of all of it.
  @Test
  void asManyTabsAsThereAreMayStandForBlanks() {
    StringBuilder text = new StringBuilder("literal: |\t# a\tb\n  \tc:\td\n  e\tf\n");
    for (int i = 0; i < 20_000; i++) {
      text.append("key").append(i).append(":\t&a").append(i).append("\tx\ty\t# why\n");
    }
    YamlText read = YamlText.parse(text.toString());
    assertThat(read.tree(0))
        .asInstanceOf(MAP)
        .hasSize(20_001)
        .containsEntry("literal", "\tc:\td\ne\tf\n")
        .containsEntry("key0", "x\ty")
        .containsEntry("key19999", "x\ty");
    assertThat(read.changed(Map.of(0, List.of(add("list", List.of(B))))).toString())
        .isEqualTo(text + "list:\n- name: b\n");
  }

  @Test
  void tabsWithinValuesStay() {
    Map<String, String> texts =
        Map.of(
            "a:\t!!str\ty\n", "{a=y}",
            "a:\t'x\ty'\t# '\n", "{a=x\ty}",
            "a:\t\"x\\\ty\n\tz\"\t# \"\n", "{a=x\ty z}",
            "a:\t>-\t# d\n  x\n  \ty\tz\n", "{a=x\n\ty\tz}",
            "a:\t[x\ty,\t'\t']\t# ]\n", "{a=[x\ty, \t]}",
            "a: 'b'\t# c-\nd: &d-\tx-\ty\n", "{a=b, d=x-\ty}");
    texts.forEach(
        (text, tree) -> {
          assertThat(YamlText.parse(text).tree(0)).as(text).hasToString(tree);
          assertThat(changed(text, add("z", 1L))).isEqualTo(text + "z: 1\n");
        });
  }

  /// As `kubectl` reads it.
  @Test
  void aLiteralTextEndsItsLastLineThoughTheFileDoesNot() {
    for (String text : List.of("a:\n  b: |\n    c", "a:\n  b: >+\n    c", "a:\n  b: |\r\n    c")) {
      assertThat(YamlText.parse(text).tree(0)).isEqualTo(Map.of("a", Map.of("b", "c\n")));
      String added = changed(text, add("a/d", List.of(B)), add("e", 1L));
      assertThat(added).doesNotEndWith("\n").startsWith(text);
      assertThat(changed(added, remove("a/d"), remove("e"))).isEqualTo(text);
    }
    assertThat(YamlText.parse("a: |-\n  b").tree(0)).isEqualTo(Map.of("a", "b"));
  }

  @Test
  void linesMayEndWithACarriageReturnAlone() {
    String text = "# c\ra:\r  # d\r  - 1\rb: 2";
    assertThat(YamlText.parse(text).line(0, List.of("b"))).isEqualTo(5);
    String added = changed(text, add("a/0", B), add("a/-", 3L), add("c", List.of(1L)));
    assertThat(added).isEqualTo("# c\ra:\r  - name: b\r  # d\r  - 1\r  - 3\rb: 2\rc:\r  - 1");
    assertThat(changed(added, remove("a/2"), remove("a/0"), remove("c"))).isEqualTo(text);
    YamlText json = YamlText.parse("{\"a\":\r\t1}\r{\"b\": [\r\t1]}");
    assertThat(json.line(1)).isEqualTo(3);
    assertThat(json.changed(Map.of(1, List.of(add("b/-", 2L)))).toString())
        .isEqualTo("{\"a\":\r\t1}\r{\"b\": [\r\t1,\r\t2]}");
  }

  @Test
  void whatIsNeitherIsAProblemWithTheLineOfTheReaderThatCameFurther() {
    assertThatThrownBy(() -> YamlText.parse("{\n\t\"a\": 1,\n\t\"b\" 2\n}\n"))
        .isInstanceOfSatisfying(YamlProblem.class, e -> assertThat(e.line()).isEqualTo(3));
    assertThatThrownBy(() -> YamlText.parse("{\"a\": 1}\n{\"a\": [1}\n"))
        .isInstanceOfSatisfying(YamlProblem.class, e -> assertThat(e.line()).isEqualTo(2));
    assertThatThrownBy(() -> YamlText.parse("{{ .Values.a }}\nkind: b\n"))
        .isInstanceOf(YamlProblem.class);
    assertThatThrownBy(() -> YamlText.parse("a:\n\tb: 1\n"))
        .as("kubectl does not take it either")
        .isInstanceOf(YamlProblem.class);
  }

  @Test
  void documentsAreSeparatedWhereNothingSeparatesThem() {
    assertThat(YamlText.parse("{\"a\":1}\n{\"b\":1}{\"c\":1}\n---\n{\"d\":1}").separated())
        .isEqualTo("{\"a\":1}\n---\n{\"b\":1}\n---\n{\"c\":1}\n---\n{\"d\":1}");
    assertThat(YamlText.parse("{\"a\":1}\n \t{\"b\":\"---\"}\n  {\"c\":1}").separated())
        .as("a mark is one at a line's beginning alone")
        .isEqualTo("{\"a\":1}\n---\n \t{\"b\":\"---\"}\n---\n  {\"c\":1}");
    for (String text :
        List.of("a: 1\n---\nb: |\n  c\n\n---\n---\n- 1\n", "---\n---\n", "", "{a: 1}")) {
      assertThat(YamlText.parse(text).separated()).isEqualTo(text);
    }
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
        "a: 1\r\nb:\r\n- c\r\n",
        "a: 1\rb:\r- c # d\r",
        "a: |+\r  text\r\r",
        "a: |\r  text\r",
        "a:\r- 1",
        "a:\t1\n",
        "a: \t \t[1,\t2]\t# c\nb:\t\"x\ty\"\t#\td\n"
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

  /// By what `kubectl label --local` makes of it: what comes later counts.
  @Test
  void aMergeKeyBehindAKeyReplacesIt() {
    String text = "x: &x {b: 1, c: ~, d: }\na:\n  b:\n  c: 2\n  <<: *x\ne:\n  <<: *x\n  b:\n";
    Map<String, Object> ofE = new HashMap<>();
    ofE.put("b", null);
    assertThat(YamlText.parse(text).tree(0))
        .asInstanceOf(MAP)
        .containsEntry("e", ofE)
        .extractingByKey("a", MAP)
        .containsEntry("b", 1L)
        .extractingByKey("c")
        .isInstanceOf(WrittenNull.class);
    assertThat(YamlText.parse("x: &x {b: 1}\ny: &y {b: ~}\na: {<<: [*y, *x]}\n").tree(0))
        .asInstanceOf(MAP)
        .as("of several the first, but its null says nothing")
        .containsEntry("a", Map.of());
    assertThatThrownBy(() -> changed("x: &x {l: [2]}\na:\n  l: [1]\n  <<: *x\n", add("a/l/-", 3L)))
        .isInstanceOf(YamlProblem.class)
        .hasMessageContaining("a merge key behind what it replaces");
  }

  @ParameterizedTest
  @ValueSource(strings = {"~", "null", ""})
  void aNullThatAMergeKeyBringsIsNotThere(String written) {
    String text = "x: &x {l: " + written + "}\na:\n  <<: *x\n  b: 1\n";
    assertThat(YamlText.parse(text).tree(0)).asInstanceOf(MAP).containsEntry("a", Map.of("b", 1L));
    String added = changed(text, add("a/l", List.of(B)));
    assertThat(added).isEqualTo(text + "  l:\n  - name: b\n");
    assertThat(changed(added, remove("a/l"))).isEqualTo(text);
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
        .hasMessage(
            "the key is there twice, first in line 1, and kubectl takes the last: leave one out"
                + " (a)");
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

package dev.pannier.shippers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pannier.shippers.encoding.Lookup;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TemplateTest {
  private static String topic(String template, String value) {
    return Template.topic(template).resolve(index -> value);
  }

  @Test
  void valuesStandWhereTheirPlaceholdersDo() {
    Template template = Template.topic("a.${resource:service.name}.${attribute:tenant:-nobody}.z");

    assertThat(template.lookups())
        .containsExactly(
            new Lookup(Lookup.Of.RESOURCE, "service.name"),
            new Lookup(Lookup.Of.ATTRIBUTE, "tenant"));
    assertThat(template.resolve(index -> index == 0 ? "cart" : "acme")).isEqualTo("a.cart.acme.z");
  }

  @Test
  void whatIsMissingOrEmptyIsTheDefault() {
    assertThat(Template.topic("${resource:a}-${resource:b:-none}").resolve(index -> null))
        .isEqualTo("unknown-none");
    assertThat(topic("${resource:a:-b}", "")).isEqualTo("b");
    assertThat(topic("${resource:a:-b}", ".")).isEqualTo("b");
  }

  @Test
  void textWithoutPlaceholdersIsTheSameForAll() {
    assertThat(Template.topic("otlp_logs").lookups()).isEmpty();
    assertThat(topic("otlp_logs", "x")).isEqualTo("otlp_logs");
  }

  @Test
  void valuesAreReducedToHarmlessCharacters() {
    assertThat(topic("t.${resource:a}", "check out/ü:1")).isEqualTo("t.check_out___1");
    assertThat(topic("t.${resource:a}", "../../etc")).isEqualTo("t.____etc");
    assertThat(topic("t.${resource:a}", "x".repeat(500))).hasSize(102);
    assertThat(topic("t.${resource:a}.z", ".hidden.")).isEqualTo("t._hidden_.z");
  }

  @Test
  void aHundredResultsAndTheRestGoesToTheDefault() {
    Template template = Template.topic("t.${resource:a}");
    Set<String> results = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      int number = i;
      results.add(template.resolve(index -> "v" + number));
    }
    assertThat(results).hasSize(Template.MAX_RESULTS + 1).contains("t.v0", "t.v99", "t.unknown");
    // What is known stays.
    assertThat(template.resolve(index -> "v7")).isEqualTo("t.v7");
  }

  @Test
  void valuesOfAnyLengthMakeANameThatAFileCanHave() {
    Template template =
        Template.path("/a/${resource:a}-${resource:b}-${attribute:c}-${attribute:d}.jsonl");
    String name = template.resolve(index -> "v".repeat(1_000)).substring("/a/".length());
    // And a number where it is rotated.
    assertThat(name).hasSizeLessThan(255 - ".000001".length()).endsWith(".jsonl");
  }

  @Test
  void mistakesAreNamed() {
    assertThat(Template.problem("${resource:a")).isEqualTo("${ without its }");
    assertThat(Template.problem("${env:HOME}")).contains("unknown ${env:HOME}");
    assertThat(Template.problem("${resource:}")).contains("unknown ${resource:}");
    assertThat(Template.problem("${attribute:a:-b/c}")).contains("unknown ${attribute:a:-b/c}");
    assertThat(Template.problem("")).isEqualTo("empty");
    assertThat(Template.problem("logs.${resource:service.name}")).isNull();
    assertThatThrownBy(() -> Template.topic("${x}")).isInstanceOf(IllegalArgumentException.class);
  }

  @Property(tries = 500)
  void anyValueMakesATopicThatKafkaTakes(@ForAll String first, @ForAll String second) {
    Template template = Template.topic("logs.${resource:a}.${attribute:b}");

    String topic = template.resolve(index -> index == 0 ? first : second);

    assertThat(topic).matches("[A-Za-z0-9._-]{1,249}");
    assertThat(template.pattern().matcher(topic).matches()).isTrue();
  }

  @Property(tries = 200)
  void anyValuesMakeAtMostAHundredTopicsBesideTheDefault(
      @ForAll @Size(min = 150, max = 300) List<String> values) {
    Template template = Template.topic("logs.${resource:a:-other}");
    Set<String> topics = new LinkedHashSet<>();
    for (String value : values) {
      String topic = template.resolve(index -> value);
      topics.add(topic);
      assertThat(topic).matches("logs\\.[A-Za-z0-9._-]{1,100}").doesNotContain("..");
    }
    for (String value : values) {
      assertThat(topics).contains(template.resolve(index -> value));
    }
    topics.remove("logs.other");
    assertThat(topics).hasSizeLessThanOrEqualTo(Template.MAX_RESULTS);
  }

  @Property(tries = 500)
  void noValueLeavesTheFolder(@ForAll String value) {
    String path = Template.path("/a/${resource:x}/y.log").resolve(index -> value);
    assertThat(java.nio.file.Path.of(path).normalize()).hasToString(path);
    assertThat(path)
        .startsWith("/a/")
        .doesNotContain("/../")
        .satisfies(p -> assertThat(p.split("/")).hasSize(4));
  }
}

package dev.pannier.shippers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReasonsTest {
  @Test
  void secretsAreMaskedAlsoInsideJaas() {
    Reasons reasons =
        Reasons.withoutSecretsOf(
            Map.of(
                "ssl.truststore.password", "changeit!",
                "sasl.jaas.config", "x.Login required username=\"app\" password=\"hunter22\";",
                "client.id", "visible"));

    assertThat(reasons.clean("visible app: hunter22 and changeit!"))
        .isEqualTo("visible app: **** and ****");
  }

  @Test
  void headersAreMaskedWholeAndInParts() {
    Reasons reasons = Reasons.withoutValues(List.of("Bearer abcdef"));
    assertThat(reasons.clean("got 'Bearer abcdef', or abcdef")).isEqualTo("got '****', or ****");
  }

  @Test
  void aReasonIsOneLineAndBounded() {
    Reasons reasons = Reasons.withoutValues(List.of());
    assertThat(reasons.clean("a\nb\tc\u0000d")).isEqualTo("a b c d");
    assertThat(reasons.clean("x".repeat(5000))).hasSize(400);
    assertThat(reasons.clean(null)).isEmpty();
  }

  @Test
  void theInnermostCauseIsTold() {
    Reasons reasons = Reasons.withoutValues(List.of());
    assertThat(reasons.of(new IllegalStateException("outer", new IOException("inner"))))
        .isEqualTo("IOException: inner");
    assertThat(reasons.of(new IOException())).isEqualTo("IOException");
  }
}

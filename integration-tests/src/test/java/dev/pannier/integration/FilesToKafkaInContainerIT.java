package dev.pannier.integration;

import org.junit.jupiter.api.condition.EnabledIf;

/// The same tests against a broker in a container, where a container engine answers.
@EnabledIf(
    value = "dev.pannier.integration.BrokerImage#engineAnswers",
    disabledReason = "no container engine answers (see .ci/run)")
class FilesToKafkaInContainerIT extends FilesToKafkaIT {
  @Override
  Kafka broker() throws Exception {
    return Kafka.sharedInContainer();
  }
}

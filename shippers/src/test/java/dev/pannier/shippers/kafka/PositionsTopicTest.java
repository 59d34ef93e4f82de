package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PositionsTopicTest {
  static Stream<Throwable> ofCopies() {
    return Stream.of(
        new InvalidReplicationFactorException("larger than available brokers: 1"),
        new PolicyViolationException("two replicas"),
        new InvalidRequestException("a replication factor cannot be chosen here"),
        new InvalidConfigurationException("min.insync.replicas"),
        new UnknownServerException("the plug-in of the broker has failed"));
  }

  static Stream<Throwable> ofOthers() {
    return Stream.of(
        new TopicExistsException("there"),
        new TopicAuthorizationException("pannier_positions"),
        new ClusterAuthorizationException("CREATE"),
        new TimeoutException("three copies may be under way"),
        new IllegalStateException("closed"));
  }

  @ParameterizedTest
  @MethodSource("ofCopies")
  void whatMayBeOfThreeCopiesIsTriedWithTheBrokersOwnNumber(Throwable refusal) {
    assertThat(PositionsTopic.mayBeOfCopies(refusal)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("ofOthers")
  void whatIsOfNoNumberOfCopiesIsNotTriedAgain(Throwable refusal) {
    assertThat(PositionsTopic.mayBeOfCopies(refusal)).isFalse();
  }
}

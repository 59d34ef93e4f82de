package dev.pannier.shippers.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class LimitsTest {
  private final List<String> asked = new ArrayList<>();
  private OptionalInt broker = OptionalInt.empty();
  private long now = Long.MIN_VALUE;
  private final Limits limits = new Limits("events", 1_000_000, this::ask, () -> now);

  private synchronized OptionalInt ask(String topic) {
    asked.add(topic);
    return broker;
  }

  @Test
  void halfOfWhatWasRefusedIsWorthTrying() {
    assertThat(limits.of("a")).isEqualTo(1_000_000);
    assertThat(limits.refused("a", 800_000)).isEqualTo(400_000);
    assertThat(limits.refused("a", 400_000)).isEqualTo(200_000);
    assertThat(limits.of("a")).isEqualTo(200_000);
    assertThat(limits.of("b")).isEqualTo(1_000_000);
    assertThat(limits.refused("a", 5_000)).isEqualTo(4_096);
  }

  @Test
  void topicOfWhichABrokerCannotBeAskedIsAskedForAgain() throws InterruptedException {
    List<String> tried = new ArrayList<>();
    Limits failing =
        new Limits(
            "events",
            1_000_000,
            topic -> {
              tried.add(topic);
              throw new IllegalStateException("no client");
            },
            () -> now);
    failing.refused("a", 800_000);
    failing.awaitAnswers();
    now += Limits.LEARNT_FOR_NANOS;
    failing.refused("a", 800_000);
    failing.awaitAnswers();
    assertThat(tried).containsExactly("a", "a");
  }

  @Test
  void theBrokersOwnLimitIsAsSmallAsItGets() throws InterruptedException {
    broker = OptionalInt.of(300_000);
    assertThat(limits.refused("a", 800_000)).isEqualTo(400_000);
    limits.awaitAnswers();
    assertThat(limits.refused("a", 400_000)).isEqualTo(300_000);
    assertThat(limits.of("a")).isEqualTo(300_000);
  }

  @Test
  void aLimitThatHasBecomeSmallerThanTheBrokerSaidIsHalvedOn() throws InterruptedException {
    broker = OptionalInt.of(300_000);
    limits.refused("a", 800_000);
    limits.awaitAnswers();
    assertThat(limits.refused("a", 300_000)).isEqualTo(150_000);
  }

  @Test
  void whatWasLearntIsForgottenInTimeAndTheBrokerAskedAgain() throws InterruptedException {
    limits.refused("a", 800_000);
    limits.awaitAnswers();
    now += Limits.LEARNT_FOR_NANOS - 1;
    assertThat(limits.of("a")).isEqualTo(400_000);
    now += 1;
    assertThat(limits.of("a")).isEqualTo(1_000_000);
    broker = OptionalInt.of(700_000);
    assertThat(limits.refused("a", 900_000)).isEqualTo(450_000);
    limits.awaitAnswers();
    assertThat(limits.refused("a", 850_000)).isEqualTo(700_000);
    assertThat(asked).containsExactly("a", "a");
  }

  @Test
  void theBrokerIsNotAskedMoreThanOnceAMinute() throws InterruptedException {
    for (int i = 0; i < 10; i++) {
      limits.refused("a", 800_000);
      limits.awaitAnswers();
    }
    assertThat(asked).hasSize(1);
  }

  @Test
  void oneTopicIsAskedForAfterTheOther() throws InterruptedException {
    CountDownLatch answered = new CountDownLatch(1);
    Limits many = limits("many", answered, topic -> OptionalInt.of(300_000));
    for (int i = 0; i < 16; i++) {
      many.refused("t" + i, 800_000);
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> thread.getName().equals("pannier-ship-many-limits"))
        .hasSize(1);
    answered.countDown();
    many.awaitAnswers();
    for (int i = 0; i < 16; i++) {
      assertThat(many.refused("t" + i, 400_000)).isEqualTo(300_000);
    }
  }

  @Test
  void afterTheEndOnlyTheQuestionUnderWayIsAnswered() throws InterruptedException {
    CountDownLatch answered = new CountDownLatch(1);
    Limits ended = limits("ended", answered, this::ask);
    ended.refused("a", 800_000);
    ended.refused("b", 800_000);
    ended.close();
    ended.refused("c", 800_000);
    answered.countDown();
    ended.awaitAnswers();
    assertThat(asked).containsExactly("a");
  }

  private Limits limits(
      String shipper, CountDownLatch answered, Function<String, OptionalInt> broker) {
    return new Limits(
        shipper,
        1_000_000,
        topic -> {
          await(answered);
          return broker.apply(topic);
        },
        () -> now);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Committed;
import dev.pannier.shippers.Doubt;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.batch.Splitter;
import dev.pannier.shippers.kafka.FakeTransactions.Crash;
import dev.pannier.shippers.kafka.FakeTransactions.Step;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Against a cluster of our own, by a clock that the test moves.
class TransactionalShipperTest {
  private static final long FILE = 77;
  private static final int PARTITIONS = 16;

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private FakeTransactions cluster;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TransactionalShipper shipper;

  private final List<Outcome> outcomes = new ArrayList<>();
  private long nanos = TimeUnit.HOURS.toNanos(1);
  private long[] open = {};

  @BeforeEach
  void start() {
    cluster = new FakeTransactions(folder);
    shipper = cluster.shipper(1, true, Encoding.OTLP_PROTO);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
  }

  @AfterEach
  void end() {
    cluster.faults = step -> null;
    shipper.close(Duration.ZERO);
  }

  /// Records of ten bytes each.
  private static Batch batch(long generation, int from, int records) {
    String[] bodies =
        IntStream.range(from, from + records).mapToObj(i -> "line " + i).toArray(String[]::new);
    Batch made = Batches.logs("k" + generation, bodies);
    byte[] positions = new Positions(generation, from * 10L, (from + records) * 10L, 0, 0).encode();
    return new Batch(
        made.signal(),
        made.bytes(),
        made.offset(),
        made.length(),
        made.records(),
        made.source(),
        made.key(),
        positions);
  }

  private void ship(Batch... parts) {
    shipper.shipWhole(List.of(parts), Origin.MEMORY, outcomes::add);
  }

  private void ship(Batch batch, long log, long sequence) {
    shipper.shipWhole(List.of(batch), new Origin(log, sequence), outcomes::add);
  }

  /// Rounds until there is nothing to do, and the time that it waits for.
  private void work() {
    while (shipper.doWork(nanos, () -> open) > 0) {
      nanos++;
    }
  }

  private void later() {
    nanos += TimeUnit.SECONDS.toNanos(1);
    work();
  }

  private void restart(long instance) {
    shipper = cluster.shipper(instance, false, Encoding.OTLP_PROTO);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
  }

  private long stored(long generation) {
    Positions file = shipper.committed().file(generation);
    return file == null ? -1 : file.to();
  }

  @Test
  void recordsAndPositionsAreInOneTransaction() {
    ship(batch(FILE, 0, 2));
    assertThat(cluster.committed).isEmpty();
    assertThat(outcomes).isEmpty();
    work();
    assertThat(outcomes).containsExactly(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1");
    assertThat(cluster.positions()).hasSize(1);
    assertThat(stored(FILE)).isEqualTo(20);
    restart(2);
    assertThat(stored(FILE)).isEqualTo(20);
  }

  @Test
  void thereIsNoTransactionWithoutData() {
    later();
    shipper.passed(batch(FILE, 0, 1), Origin.MEMORY);
    later();
    assertThat(cluster.transactions).isZero();
    ship(batch(FILE, 1, 1));
    work();
    assertThat(cluster.transactions).isEqualTo(1);
  }

  @Test
  void aBatchAloneIsCommittedAtOnceAndWhatFollowsSoonWaitsForTheInterval() {
    ship(batch(FILE, 0, 1));
    assertThat(shipper.waitNanos(nanos)).isZero();
    work();
    ship(batch(FILE, 1, 1));
    ship(batch(FILE, 2, 1));
    work();
    assertThat(cluster.transactions).isEqualTo(1);
    assertThat(shipper.waitNanos(nanos))
        .isPositive()
        .isLessThanOrEqualTo(TransactionalShipper.INTERVAL_NANOS);
    nanos += TransactionalShipper.INTERVAL_NANOS;
    work();
    assertThat(cluster.transactions).isEqualTo(2);
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1", "line 2");
  }

  @Test
  void aTransactionEndsAtTwoMebibytesThoughItsIntervalHasNotPassed() {
    shipper.close(Duration.ZERO);
    cluster.memoryBytes = 64 << 20;
    restart(2);
    ship(batch(FILE, 0, 1));
    work();
    int before = cluster.transactions;
    Batch large = Batches.ofLargeResource("k", 256 << 10, 1);
    for (int i = 0; i < 7; i++) {
      ship(large);
      assertThat(shipper.waitNanos(nanos)).isPositive();
    }
    ship(large);
    assertThat(shipper.waitNanos(nanos)).isZero();
    work();
    assertThat(cluster.transactions).isEqualTo(before + 1);
    assertThat(outcomes).hasSize(9).containsOnly(Outcome.ACCEPTED);
  }

  @Test
  void partsOfABatchAreInOneTransaction() {
    ship(batch(FILE, 0, 1), batch(FILE, 1, 1), batch(FILE, 2, 1));
    work();
    assertThat(cluster.transactions).isEqualTo(1);
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1", "line 2");
    assertThat(outcomes).hasSize(1);
  }

  @Test
  void aFailedMessageAbortsAllAndAllComeAgain() {
    AtomicInteger sends = new AtomicInteger();
    cluster.refusals =
        record -> sends.incrementAndGet() == 2 ? new TimeoutException("expired") : null;
    ship(batch(FILE, 0, 1));
    ship(batch(FILE, 1, 1));
    ship(batch(FILE, 2, 1));
    work();
    assertThat(outcomes).hasSize(3).allMatch(Outcome.Retryable.class::isInstance);
    assertThat(cluster.committed).isEmpty();
    ship(batch(FILE, 0, 1));
    assertThat(outcomes.getLast()).as("not before resume").isInstanceOf(Outcome.Retryable.class);
    shipper.resume();
    outcomes.clear();
    ship(batch(FILE, 0, 1));
    ship(batch(FILE, 1, 1));
    ship(batch(FILE, 2, 1));
    work();
    assertThat(outcomes).hasSize(3).containsOnly(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1", "line 2");
  }

  @Test
  void aRecordThatIsRefusedForGoodIsLeftOutTheNextTime() {
    shipper = cluster.shipper(2, false, Encoding.RAW);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    cluster.refusals =
        record ->
            new String(record.value(), java.nio.charset.StandardCharsets.UTF_8).equals("line 1")
                ? new InvalidRecordException("never")
                : null;
    Batch batch = batch(FILE, 0, 3);
    ship(batch);
    work();
    assertThat(outcomes)
        .singleElement()
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.learnt()).as("the next attempt is another").isTrue());
    shipper.resume();
    ship(batch);
    work();
    assertThat(outcomes.getLast())
        .isInstanceOfSatisfying(
            Outcome.PartlyAccepted.class, partly -> assertThat(partly.rejected()).isEqualTo(1));
    assertThat(cluster.committed).hasSize(3);
    assertThat(stored(FILE)).isEqualTo(30);
  }

  @Test
  void whatIsDoneIsNotRememberedForWhatWasRefusedOfIt() {
    cluster.refusals =
        record ->
            record.topic().equals(FakeTransactions.TOPIC)
                ? new InvalidRecordException("never")
                : null;
    Batch alone = batch(FILE, 0, 1);
    ship(alone);
    work();
    shipper.resume();
    ship(alone);
    later();
    assertThat(outcomes.getLast()).isInstanceOf(Outcome.Permanent.class);
    assertThat(shipper.remembersVerdicts()).as("there was no transaction for it").isFalse();

    Batch refused = batch(FILE, 1, 1);
    ship(refused);
    work();
    shipper.resume();
    cluster.refusals = record -> null;
    cluster.faults = step -> step == Step.AFTER_COMMIT ? new TimeoutException("lost") : null;
    ship(batch(FILE + 1, 0, 1));
    ship(refused);
    nanos += TransactionalShipper.INTERVAL_NANOS;
    work();
    cluster.faults = step -> null;
    later();
    assertThat(outcomes.getLast()).isInstanceOf(Outcome.Permanent.class);
    assertThat(shipper.remembersVerdicts()).as("the answer was lost").isFalse();
  }

  @Test
  void interceptorsOfTheProducerAreNoneOfTheConsumerOfPositions() {
    Map<String, Object> used = new HashMap<>();
    PositionsTopic positions =
        new PositionsTopic(
            FakeTransactions.POSITIONS,
            "k",
            true,
            Map.of("bootstrap.servers", "127.0.0.1:1", "interceptor.classes", "com.example.Mine"),
            properties -> {
              used.putAll(properties);
              return cluster.consumer();
            },
            new OffsetHint(folder.resolve("hint"), FakeTransactions.POSITIONS, "k"));
    assertThat(positions.read()).isNull();
    assertThat(used).containsEntry("interceptor.classes", "");
  }

  @Test
  void aHintThatIsAnothersDoesNotSayInWhichPartitionPositionsAre() throws Exception {
    Path file = folder.resolve("hint");
    int own = partition(true, file);
    OffsetHint former = new OffsetHint(file, FakeTransactions.POSITIONS, "former");
    former.moved((own + 1) % PARTITIONS, 7, true);
    former.save();
    assertThat(partition(true, file)).isEqualTo(own);
    // The process has died before it has stored one.
    assertThat(partition(false, file)).isEqualTo(own);
    Files.delete(file);
    assertThat(partition(false, file)).isEqualTo(own);
  }

  private static int partition(boolean isNew, Path hint) {
    PositionsTopic positions =
        new PositionsTopic(
            FakeTransactions.POSITIONS,
            "k",
            isNew,
            Map.of("bootstrap.servers", "127.0.0.1:1"),
            properties -> {
              MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
              List<PartitionInfo> all = new ArrayList<>();
              Map<TopicPartition, Long> ends = new HashMap<>();
              for (int i = 0; i < PARTITIONS; i++) {
                all.add(new PartitionInfo(FakeTransactions.POSITIONS, i, null, null, null));
                ends.put(new TopicPartition(FakeTransactions.POSITIONS, i), 0L);
              }
              consumer.updatePartitions(FakeTransactions.POSITIONS, all);
              consumer.updateBeginningOffsets(ends);
              consumer.updateEndOffsets(ends);
              return consumer;
            },
            new OffsetHint(hint, FakeTransactions.POSITIONS, "k"));
    assertThat(positions.read()).isNull();
    return Objects.requireNonNull(
        positions.message(new PositionsRecord(1, 1, Committed.NOTHING)).partition());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTopicOfPositionsThatWasDeletedAndMadeAnewIsReadAnew(boolean told) {
    cluster = new FakeTransactions(folder);
    cluster.makePositionsAnew(PARTITIONS);
    shipper = cluster.shipper(2, true, Encoding.OTLP_PROTO);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    ship(batch(FILE, 0, 1));
    work();
    assertThat(outcomes).containsExactly(Outcome.ACCEPTED);
    assertThat(cluster.committed.getLast().partition()).isPositive();

    // As brokers make it by themselves.
    cluster.makePositionsAnew(1);
    cluster.refusals =
        record ->
            record.topic().equals(FakeTransactions.POSITIONS)
                    && !Integer.valueOf(0).equals(record.partition())
                ? told
                    ? new UnknownTopicOrPartitionException("no such partition")
                    : new TimeoutException("not present in metadata after 8000 ms")
                : null;
    ship(batch(FILE, 1, 1));
    later();
    assertThat(outcomes.getLast()).isInstanceOf(Outcome.Retryable.class);
    assertThat(shipUntilDone(batch(FILE, 1, 1))).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1");
    assertThat(stored(FILE)).isEqualTo(20);
    restart(3);
    assertThat(stored(FILE)).isEqualTo(20);
  }

  /// Until each has an outcome that counts.
  private Outcome shipUntilDone(Batch batch) {
    for (int round = 0; round < 20; round++) {
      shipper.resume();
      ship(batch);
      later();
      if (!(outcomes.getLast() instanceof Outcome.Retryable)) {
        return outcomes.getLast();
      }
    }
    return outcomes.getLast();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void neighboursOfARecordThatIsRefusedAreNot(boolean tellsWhich) {
    cluster = new FakeTransactions(folder);
    cluster.batches = true;
    cluster.tellsWhich = tellsWhich;
    shipper = cluster.shipper(2, true, Encoding.RAW);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    cluster.refusals =
        record ->
            List.of("line 1", "line 3")
                    .contains(new String(record.value(), java.nio.charset.StandardCharsets.UTF_8))
                ? new InvalidRecordException("never")
                : null;
    assertThat(shipUntilDone(batch(FILE, 0, 6)))
        .isInstanceOfSatisfying(
            Outcome.PartlyAccepted.class, partly -> assertThat(partly.rejected()).isEqualTo(2));
    assertThat(cluster.texts()).containsExactly("line 0", "line 2", "line 4", "line 5");
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  /// Each answer takes 10 ms, by the cluster's clock.
  private void shipsLinesToABrokerThatRefuses(String... refused) {
    cluster = new FakeTransactions(folder);
    cluster.batches = true;
    cluster.roundTripNanos = TimeUnit.MILLISECONDS.toNanos(10);
    shipper = cluster.shipper(2, true, Encoding.RAW);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    cluster.refusals =
        record ->
            List.of(refused)
                    .contains(new String(record.value(), java.nio.charset.StandardCharsets.UTF_8))
                ? new InvalidRecordException("never")
                : null;
  }

  @Test
  void whatTakesLongerAloneThanATransactionMayIsTriedInSeveral() {
    shipsLinesToABrokerThatRefuses("line 1500");
    assertThat(shipUntilDone(batch(FILE, 0, 2_000)))
        .isInstanceOfSatisfying(
            Outcome.PartlyAccepted.class, partly -> assertThat(partly.rejected()).isEqualTo(1));
    assertThat(cluster.texts())
        .containsExactlyElementsOf(
            IntStream.range(0, 2_000).filter(i -> i != 1500).mapToObj(i -> "line " + i).toList());
    assertThat(cluster.longestNanos)
        .as("open")
        .isLessThan(TimeUnit.MILLISECONDS.toNanos(ProducerProperties.TRANSACTION_TIMEOUT_MS) / 2);
    assertThat(cluster.alone).as("each but once, also across aborts").isLessThan(2_100);
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  @Test
  void onlyWhatWasRefusedTogetherIsSentAlone() {
    shipsLinesToABrokerThatRefuses("line 25");
    cluster.batchRecords = 10;
    assertThat(shipUntilDone(batch(FILE, 0, 500)))
        .isInstanceOfSatisfying(
            Outcome.PartlyAccepted.class, partly -> assertThat(partly.rejected()).isEqualTo(1));
    assertThat(cluster.texts()).hasSize(499);
    assertThat(cluster.alone).as("ten lines, and positions").isBetween(10, 20);
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  @Test
  void whatTheBrokerNamesInTheSameWordsIsToldApartInOneTransaction() {
    shipsLinesToABrokerThatRefuses(
        IntStream.range(0, 2_000)
            .filter(i -> i % 2 == 0)
            .mapToObj(i -> "line " + i)
            .toArray(String[]::new));
    cluster.tellsWhich = true;
    int[] aborts = {0};
    cluster.faults =
        step -> {
          aborts[0] += step == Step.ABORT ? 1 : 0;
          return null;
        };
    assertThat(shipUntilDone(batch(FILE, 0, 2_000)))
        .isInstanceOfSatisfying(
            Outcome.PartlyAccepted.class, partly -> assertThat(partly.rejected()).isEqualTo(1_000));
    assertThat(cluster.texts())
        .containsExactlyElementsOf(
            IntStream.range(0, 2_000).filter(i -> i % 2 == 1).mapToObj(i -> "line " + i).toList());
    assertThat(aborts[0]).isEqualTo(2);
    assertThat(cluster.alone).as("one of them, and positions").isLessThan(5);
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  private void refusesTimestamps() {
    cluster.tellsWhich = true;
    cluster.refusals =
        record ->
            record.topic().equals(FakeTransactions.TOPIC)
                ? new InvalidTimestampException("out of range")
                : null;
  }

  /// What Kafka's client says of several does not tell a clock that is wrong from a record that is.
  @Test
  void whatTheBrokerNamesIsNotBelievedBeforeOneOfItWasAlone() {
    shipsLinesToABrokerThatRefuses();
    refusesTimestamps();
    Batch batch = batch(FILE, 0, 10);
    assertThat(shipUntilDone(batch)).isInstanceOf(Outcome.Missing.class);
    cluster.refusals = record -> null;
    while (!(shipUntilDone(batch) instanceof Outcome.Accepted)) {
      assertThat(outcomes.getLast()).isInstanceOf(Outcome.Missing.class);
    }
    assertThat(cluster.texts()).hasSize(10);
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  @Test
  void aClockThatIsWrongCostsNoRecord() {
    cluster.batches = true;
    refusesTimestamps();
    Batch batch = batch(FILE, 0, 1);
    ship(batch);
    work();
    shipper.resume();
    ship(batch);
    assertThat(outcomes.getLast())
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing -> assertThat(missing.reason()).contains("clock", FakeTransactions.TOPIC));
  }

  @Test
  void theTopicThatIsToBlameIsNamedAndNotTheOneThatWentDownWithIt() {
    cluster.refusals =
        record ->
            record.topic().equals(FakeTransactions.TOPIC)
                ? new TopicAuthorizationException(Set.of("secrets"))
                : null;
    Batch batch = batch(FILE, 0, 1);
    ship(batch);
    work();
    assertThat(outcomes.getLast())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry ->
                assertThat(retry.reason())
                    .contains("the topic secrets")
                    .doesNotContain(FakeTransactions.TOPIC));
    cluster.refusals = record -> null;
    shipper.resume();
    ship(batch);
    later();
    assertThat(outcomes.getLast()).isEqualTo(Outcome.ACCEPTED);
  }

  /// Else what goes to others would wait for longer each time that one of them is tried again.
  @Test
  void topicsThatMayNotBeWrittenToAreLearntFromOneTransaction() {
    cluster = new FakeTransactions(folder);
    cluster.batches = true;
    cluster.tellsWhich = true;
    cluster.topic = "logs.${resource:service.name}";
    shipper = cluster.shipper(2, true, Encoding.OTLP_PROTO);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    cluster.refusals =
        record ->
            List.of("logs.one", "logs.two").contains(record.topic())
                ? new TopicAuthorizationException(Set.of(record.topic()))
                : null;
    List<Batch> all = List.of(ofService("one"), ofService("two"), ofService("three"));
    all.forEach(this::ship);
    work();
    assertThat(outcomes)
        .hasSize(3)
        .allSatisfy(
            outcome ->
                assertThat(outcome)
                    .isInstanceOfSatisfying(
                        Outcome.Retryable.class,
                        retry -> assertThat(retry.learnt()).as("others go on at once").isTrue()));

    shipper.resume();
    outcomes.clear();
    all.forEach(this::ship);
    assertThat(outcomes).hasSize(2).allMatch(Outcome.Missing.class::isInstance);
    later();
    assertThat(outcomes).hasSize(3);
    assertThat(outcomes.getLast()).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.committed.getFirst().topic()).isEqualTo("logs.three");
  }

  private static Batch ofService(String service) {
    byte[] bytes = Batches.request(service, "line").toByteArray();
    return Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "otlp");
  }

  @Test
  void whatTheBrokerFindsTooLargeIsToldWhenItComesAgain() {
    Batch large = batch(FILE, 1, 2);
    cluster.refusals =
        record ->
            record.value().length == large.length() ? new RecordTooLargeException("large") : null;
    ship(batch(FILE, 0, 1));
    ship(large);
    work();
    assertThat(outcomes).hasSize(2).allMatch(Outcome.Retryable.class::isInstance);
    shipper.resume();
    ship(batch(FILE, 0, 1), large);
    assertThat(outcomes.getLast())
        .isInstanceOfSatisfying(
            Outcome.TooLarge.class,
            tooLarge -> assertThat(tooLarge.unconfirmed()).isNotNull().hasToString("{1, 2}"));
  }

  @Test
  void aMissingTopicKeepsItsBatchesAlone() {
    cluster.missingTopics.add(FakeTransactions.TOPIC);
    restart(2);
    ship(batch(FILE, 0, 1));
    assertThat(outcomes).hasSize(1).allMatch(Outcome.Missing.class::isInstance);
    assertThat(cluster.transactions).isZero();
  }

  @ParameterizedTest
  @EnumSource(Step.class)
  void whereverTheProcessDiesEachRecordIsStoredOnce(Step where) {
    for (int after = 0; after < 5; after++) {
      cluster = new FakeTransactions(folder);
      shipper = cluster.shipper(10, true, Encoding.OTLP_PROTO);
      assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
      cluster.crashAt = where;
      cluster.crashAfter = after;
      if (where == Step.ABORT || where == Step.INIT) {
        AtomicInteger sends = new AtomicInteger();
        cluster.refusals =
            record -> sends.incrementAndGet() % 3 == 0 ? new TimeoutException("expired") : null;
      }
      long instance = 10;
      for (int i = 0; i < 10; ) {
        Batch next = batch(FILE, i, 1);
        if (shipper.committed().covers(next, Origin.MEMORY)) {
          i++;
          continue;
        }
        Throwable crash = catchThrowable(() -> shipAndWork(next));
        if (crash != null) {
          assertThat(crash).isInstanceOf(Crash.class);
          instance++;
          restart(instance);
        }
      }
      assertThat(cluster.bodies())
          .containsExactlyElementsOf(IntStream.range(0, 10).mapToObj(i -> "line " + i).toList());
    }
  }

  private void shipAndWork(Batch batch) {
    shipper.resume();
    ship(batch);
    later();
  }

  @Test
  void aCommitWhoseAnswerIsLostIsSettledByThePositions() {
    ship(batch(FILE, 0, 1));
    cluster.faults = step -> step == Step.AFTER_COMMIT ? new TimeoutException("no answer") : null;
    assertThat(shipper.doWork(nanos, () -> open)).isPositive();
    assertThat(outcomes).as("not known").isEmpty();
    assertThat(shipper.missing()).isNotEmpty();
    cluster.faults = step -> null;
    later();
    assertThat(outcomes).containsExactly(Outcome.ACCEPTED);
    assertThat(shipper.missing()).isEmpty();
    assertThat(cluster.bodies()).containsExactly("line 0");
    ship(batch(FILE, 1, 1));
    later();
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1");
  }

  @Test
  void positionsThatAreLostWithACommitThatDidNotGoThroughAreStoredAgainWithoutIt() {
    ship(batch(FILE, 0, 1));
    later();
    ship(batch(FILE, 1, 1));
    later();
    ship(batch(FILE, 2, 1));
    cluster.faults = step -> step == Step.BEFORE_COMMIT ? new TimeoutException("no answer") : null;
    cluster.loseLastPositions();
    later();
    cluster.faults = step -> null;
    later();
    assertThat(outcomes.getLast()).isInstanceOf(Outcome.Retryable.class);
    assertThat(stored(FILE)).isEqualTo(20);
    shipper.resume();
    ship(batch(FILE + 1, 0, 1));
    later();
    restart(2);
    assertThat(stored(FILE)).as("not what did not go through").isEqualTo(20);
    assertThat(stored(FILE + 1)).isEqualTo(10);
  }

  @Test
  void whatWasInACommitWithoutAnAnswerMayBeThereTwiceWherePositionsAreLost() {
    ship(batch(FILE, 0, 1));
    later();
    ship(batch(FILE, 1, 1));
    cluster.faults = step -> step == Step.AFTER_COMMIT ? new TimeoutException("no answer") : null;
    nanos += TransactionalShipper.INTERVAL_NANOS;
    assertThat(shipper.doWork(nanos, () -> open)).isPositive();
    assertThat(shipper.missing()).contains("did not end a transaction", "min.insync.replicas");
    cluster.loseLastPositions();
    cluster.loseLastPositions();
    cluster.faults = step -> null;
    later();
    assertThat(outcomes.getLast())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, again -> assertThat(again.reason()).contains("is not known"));
    shipper.resume();
    ship(batch(FILE, 1, 1));
    later();
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1", "line 1");
    assertThat(stored(FILE)).isEqualTo(20);
  }

  @Test
  void aCommitThatDidNotReachTheCoordinatorComesAgain() {
    ship(batch(FILE, 0, 1));
    cluster.faults = step -> step == Step.BEFORE_COMMIT ? new TimeoutException("no answer") : null;
    work();
    cluster.faults = step -> null;
    later();
    assertThat(outcomes).hasSize(1).allMatch(Outcome.Retryable.class::isInstance);
    shipper.resume();
    ship(batch(FILE, 0, 1));
    later();
    assertThat(cluster.bodies()).containsExactly("line 0");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTransactionThatHadNoAnswerInTimeIsFollowedByASmallerOne(boolean expires) {
    for (int i = 0; i < 4; i++) {
      ship(batch(FILE, i, 1));
      assertThat(shipper.isReady()).isTrue();
    }
    if (expires) {
      cluster.refusals = record -> new TimeoutException("expired");
      ship(batch(FILE, 4, 1));
    } else {
      cluster.faults =
          step -> step == Step.BEFORE_COMMIT ? new TimeoutException("throttled") : null;
    }
    work();
    cluster.faults = step -> null;
    cluster.refusals = record -> null;
    later();
    assertThat(outcomes).isNotEmpty().allMatch(Outcome.Retryable.class::isInstance);
    shipper.resume();

    List<Integer> sizes = new ArrayList<>();
    for (int next = 0; next < 20; ) {
      int size = 0;
      for (; size < 10 && next < 20 && shipper.isReady(); size++) {
        ship(batch(FILE, next, 1));
        next++;
      }
      sizes.add(size);
      work();
    }
    later();
    // Half of what it was, then twice of that.
    assertThat(sizes.getFirst()).isLessThan(4);
    assertThat(sizes.get(1)).isGreaterThan(sizes.getFirst());
    assertThat(cluster.bodies()).hasSize(20);
  }

  @Test
  void aTransactionThatTheCoordinatorEndsForItsAgeIsFollowedByASmallerOne() {
    cluster = new FakeTransactions(folder);
    cluster.batches = true;
    cluster.batchRecords = 1;
    cluster.roundTripNanos = TimeUnit.MILLISECONDS.toNanos(200);
    shipper = cluster.shipper(2, true, Encoding.OTLP_PROTO);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    int all = 64;
    for (int attempt = 0; attempt < 20 && cluster.bodies().size() < all; attempt++) {
      shipper.resume();
      for (int i = cluster.bodies().size(); i < all && shipper.isReady(); i++) {
        ship(batch(FILE, i, 1));
      }
      later();
    }
    assertThat(cluster.bodies())
        .containsExactlyElementsOf(IntStream.range(0, all).mapToObj(i -> "line " + i).toList());
  }

  /// The coordinator answers by a connection that stands, while none to a partition's leader can be made any more.
  @Test
  void whereABrokerDoesNotAnswerRenewedKeystoresAreRead() throws Exception {
    shipper.close(Duration.ZERO);
    Path store = Files.writeString(folder.resolve("store.p12"), "old");
    cluster.properties.put("ssl.keystore.location", store.toString());
    restart(2);
    ship(batch(FILE, 0, 1));
    later();
    int before = cluster.producers;

    cluster.refusals = record -> new TimeoutException("expired");
    ship(batch(FILE, 1, 1));
    later();
    shipper.resume();
    assertThat(cluster.producers).as("nothing was renewed").isEqualTo(before);

    Files.writeString(store, "renewed");
    cluster.nanos += TimeUnit.SECONDS.toNanos(1);
    ship(batch(FILE, 1, 1));
    later();
    assertThat(cluster.producers).isEqualTo(before + 1);
    cluster.refusals = record -> null;
    shipper.resume();
    ship(batch(FILE, 1, 1));
    later();
    assertThat(outcomes.getLast()).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1");
  }

  /// Who takes its place in a reload does not know the batches that were in it.
  @ParameterizedTest
  @EnumSource(names = {"BEFORE_COMMIT", "AFTER_COMMIT"})
  void whatBecameOfACommitWithoutAnAnswerIsKnownToTheNextShipper(Step where) {
    ship(batch(FILE, 0, 1));
    cluster.faults =
        step -> step == where || step == Step.INIT ? new TimeoutException("down") : null;
    work();
    shipper.close(Duration.ofSeconds(1));
    assertThat(outcomes).hasSize(1);
    Doubt doubt = Objects.requireNonNull(((Outcome.Retryable) outcomes.getFirst()).doubt());
    cluster.faults = step -> null;
    restart(2);
    assertThat(shipper.hasCommitted(doubt)).isEqualTo(where == Step.AFTER_COMMIT);
    assertThat(
            shipper.hasCommitted(
                new Doubt(doubt.instance(), doubt.transaction() + 1, Outcome.ACCEPTED)))
        .isFalse();
  }

  @Test
  void anUnknownCommitWaitsForTheBrokersHoweverLong() {
    ship(batch(FILE, 0, 1));
    cluster.faults =
        step ->
            step == Step.AFTER_COMMIT || step == Step.INIT ? new TimeoutException("down") : null;
    work();
    for (int i = 0; i < 30; i++) {
      later();
      assertThat(outcomes).isEmpty();
    }
    ship(batch(FILE, 1, 1));
    assertThat(outcomes).hasSize(1).allMatch(Outcome.Retryable.class::isInstance);
    cluster.faults = step -> null;
    later();
    assertThat(outcomes).hasSize(2);
    assertThat(outcomes.getLast()).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0");
  }

  @Test
  void aProducerThatTheCoordinatorFencedIsReplaced() {
    ship(batch(FILE, 0, 1));
    work();
    cluster.producer().initTransactions();
    ship(batch(FILE, 1, 1));
    later();
    later();
    assertThat(outcomes.getLast()).isInstanceOf(Outcome.Retryable.class);
    shipper.resume();
    ship(batch(FILE, 1, 1));
    later();
    assertThat(outcomes.getLast()).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1");
  }

  @Test
  void anAbortThatFailsIsLeftToTheNextProducer() {
    cluster.refusals = record -> new TimeoutException("expired");
    cluster.faults = step -> step == Step.ABORT ? new ProducerFencedException("old") : null;
    ship(batch(FILE, 0, 1));
    later();
    assertThat(outcomes).hasSize(1).allMatch(Outcome.Retryable.class::isInstance);
    cluster.refusals = record -> null;
    cluster.faults = step -> null;
    shipper.resume();
    ship(batch(FILE, 0, 1));
    later();
    assertThat(outcomes.getLast()).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0");
  }

  @Test
  void whereAnotherProcessHasStoredPositionsThisOneStops() {
    ship(batch(FILE, 0, 1));
    work();
    TransactionalShipper other = cluster.shipper(2, false, Encoding.OTLP_PROTO);
    assertThat(other.connect()).isEqualTo(Outcome.ACCEPTED);
    other.shipWhole(List.of(batch(FILE, 1, 1)), Origin.MEMORY, outcomes::add);
    other.doWork(nanos, () -> open);
    assertThat(outcomes).hasSize(2).containsOnly(Outcome.ACCEPTED);
    ship(batch(FILE, 1, 1));
    later();
    later();
    shipper.resume();
    ship(batch(FILE, 1, 1));
    assertThat(outcomes.getLast())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.reason()).contains("another sidecar ships as"));
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1");
    other.shipWhole(List.of(batch(FILE, 2, 1)), Origin.MEMORY, outcomes::add);
    for (int i = 0; i < 3; i++) {
      nanos += TimeUnit.SECONDS.toNanos(1);
      other.doWork(nanos, () -> open);
    }
    other.resume();
    other.shipWhole(List.of(batch(FILE, 2, 1)), Origin.MEMORY, outcomes::add);
    other.doWork(nanos + TimeUnit.SECONDS.toNanos(1), () -> open);
    assertThat(cluster.bodies()).as("the other goes on").contains("line 2");
    other.close(Duration.ZERO);
  }

  /// By an unclean election, or with the only copy's disk: all of this process, or the last.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void positionsThatTheTopicHasLostAreStoredAgain(boolean allOfTheProcess) {
    ship(batch(FILE, 0, 1));
    work();
    if (allOfTheProcess) {
      restart(2);
    }
    ship(batch(FILE, 1, 1));
    later();
    cluster.loseLastPositions();
    cluster.producer().initTransactions();
    ship(batch(FILE + 1, 0, 1));
    later();
    later();
    assertThat(outcomes.getLast()).as("it was fenced").isInstanceOf(Outcome.Retryable.class);
    shipper.resume();
    ship(batch(FILE + 1, 0, 1));
    later();
    assertThat(outcomes.getLast()).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0", "line 1", "line 0");
    restart(3);
    assertThat(stored(FILE)).isEqualTo(20);
    assertThat(stored(FILE + 1)).isEqualTo(10);
  }

  /// It was fenced, and has stored more since.
  @Test
  void whereTheProcessBeforeIsAliveThisOneStops() {
    ship(batch(FILE, 0, 1));
    work();
    TransactionalShipper before = shipper;
    restart(2);
    ship(batch(FILE, 1, 1));
    later();
    cluster.loseLastPositions();
    before.shipWhole(List.of(batch(FILE, 1, 1)), Origin.MEMORY, outcomes::add);
    for (int i = 0; i < 3; i++) {
      nanos += TimeUnit.SECONDS.toNanos(1);
      before.doWork(nanos, () -> open);
    }
    before.resume();
    before.shipWhole(List.of(batch(FILE, 1, 1)), Origin.MEMORY, outcomes::add);
    before.doWork(nanos + TimeUnit.SECONDS.toNanos(1), () -> open);
    assertThat(outcomes.getLast()).isEqualTo(Outcome.ACCEPTED);
    ship(batch(FILE, 2, 1));
    later();
    later();
    shipper.resume();
    ship(batch(FILE, 2, 1));
    assertThat(outcomes.getLast())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.reason()).contains("another sidecar ships as"));
    before.close(Duration.ZERO);
  }

  @Test
  void sequencesOfALogAreStoredWithThoseThatAreStillOpen() {
    ship(batch(FILE, 0, 1), 9, 5);
    ship(batch(FILE + 1, 0, 1), 9, 8);
    open = new long[] {6, 7};
    work();
    restart(2);
    Committed committed = shipper.committed();
    assertThat(committed.sequence()).isEqualTo(8);
    assertThat(committed.covers(batch(FILE, 0, 1), new Origin(9, 5))).isTrue();
    assertThat(committed.covers(batch(FILE, 0, 1), new Origin(9, 6))).isFalse();
    assertThat(committed.covers(batch(FILE, 0, 1), new Origin(9, 9))).isFalse();
    assertThat(committed.covers(batch(FILE, 0, 1), new Origin(4, 5))).as("other log").isFalse();
  }

  @Test
  void onlyRetainedGenerationsAndThoseThatMoveAreStored() {
    ship(batch(1, 0, 1));
    ship(batch(2, 0, 1));
    work();
    shipper.retain(Set.of(2L));
    ship(batch(3, 0, 1));
    later();
    assertThat(stored(1)).isEqualTo(-1);
    assertThat(stored(2)).isEqualTo(10);
    assertThat(stored(3)).isEqualTo(10);
  }

  @Test
  void positionsAreFoundWithoutTheHintAndWithAWrongOne() throws Exception {
    ship(batch(FILE, 0, 1));
    work();
    shipper.close(Duration.ofSeconds(1));
    Path hint = folder.resolve("kafka-events.offset");
    String owner = Files.readString(hint).strip().split(" ", -1)[4];
    for (String wrong :
        List.of(
            "",
            "x",
            "pannier_positions 0 99 ours",
            "pannier_positions 0 99 ours " + owner,
            "pannier_positions 0 1 ours " + owner,
            "pannier_positions 0 1 ours 00000000",
            "other 0 1 none " + owner)) {
      Files.writeString(hint, wrong);
      restart(2);
      assertThat(stored(FILE)).isEqualTo(10);
      shipper.close(Duration.ZERO);
    }
    Files.delete(hint);
    restart(3);
    assertThat(stored(FILE)).isEqualTo(10);
  }

  /// On a busy partition, without the hint, or with one behind which nothing of ours is: the thread has other things to do
  /// meanwhile.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void positionsBehindManyOthersAreReadInRounds(boolean hinted) throws Exception {
    for (int i = 0; i < PositionsTopic.MOST_POLLS + 10; i++) {
      ship(batch(FILE, i, 1));
      later();
    }
    shipper.close(Duration.ZERO);
    Path hint = folder.resolve("kafka-events.offset");
    if (hinted) {
      OffsetHint behind = new OffsetHint(hint, FakeTransactions.POSITIONS, "pod/pannier/events");
      behind.moved(0, PositionsTopic.MOST_POLLS + 10, true);
      behind.save();
    } else {
      Files.delete(hint);
    }
    cluster.maxPollRecords = 1;
    shipper = cluster.shipper(2, false, Encoding.OTLP_PROTO);
    assertThat(shipper.connect())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry ->
                assertThat(retry.reason())
                    .contains("read up to offset " + PositionsTopic.MOST_POLLS + " of "));
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(stored(FILE)).isEqualTo((PositionsTopic.MOST_POLLS + 10) * 10L);
  }

  @Test
  void closingCommitsWhatIsUnderWay() {
    ship(batch(FILE, 0, 1));
    shipper.close(Duration.ofSeconds(1));
    assertThat(outcomes).containsExactly(Outcome.ACCEPTED);
    assertThat(cluster.bodies()).containsExactly("line 0");
  }

  @Test
  void closingWithoutTimeTellsThatNothingIsConfirmed() {
    ship(batch(FILE, 0, 1));
    shipper.close(Duration.ZERO);
    assertThat(outcomes)
        .as("the next producer aborts it: nothing is in doubt")
        .containsExactly(new Outcome.Retryable("the shipper is closed", 0, null));
    assertThat(cluster.bodies()).isEmpty();
  }

  @Test
  void batchWhoseMessagesTakeMoreThanMemoryIsOneTransaction() {
    int records = 3_000;
    shipper.close(Duration.ZERO);
    cluster.memoryBytes = 1 << 20;
    cluster.batches = true;
    shipper = cluster.shipper(2, false, Encoding.JSON);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    Batch whole = Batches.ofLargeResource("k", 2_000, records);
    List<Batch> parts = Splitter.halves(whole);
    int before = cluster.transactions;

    ship(parts.toArray(Batch[]::new));
    work();

    assertThat(outcomes).containsExactly(Outcome.ACCEPTED);
    assertThat(cluster.transactions).isEqualTo(before + 1);
    List<String> lines = lines();
    assertThat(lines).hasSize(records);
    for (int i = 0; i < records; i++) {
      assertThat(lines.get(i)).contains("\"line " + i + "\"");
    }
    assertThat(cluster.mostPending)
        .isLessThanOrEqualTo(KafkaShipper.mostUnderWay(cluster.memoryBytes));
  }

  @Test
  void whatIsRefusedOfSuchABatchIsLeftOutTheNextTime() {
    int records = 3_000;
    shipper.close(Duration.ZERO);
    cluster.memoryBytes = 1 << 20;
    shipper = cluster.shipper(2, false, Encoding.JSON);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    cluster.refusals =
        record ->
            new String(record.value(), UTF_8).contains("\"line 2000\"")
                ? new InvalidRecordException("never")
                : null;
    Batch batch = Batches.ofLargeResource("k", 2_000, records);

    ship(batch);
    work();
    shipper.resume();
    ship(batch);
    later();

    assertThat(outcomes.getLast())
        .isInstanceOfSatisfying(
            Outcome.PartlyAccepted.class, partly -> assertThat(partly.rejected()).isOne());
    assertThat(lines()).hasSize(records - 1).noneMatch(line -> line.contains("\"line 2000\""));
  }

  private List<String> lines() {
    return cluster.committed.stream()
        .filter(record -> record.topic().equals(FakeTransactions.TOPIC))
        .map(record -> new String(record.value(), UTF_8))
        .toList();
  }
}

package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Positions;
import dev.pannier.shippers.kafka.FakeTransactions.Crash;
import dev.pannier.shippers.kafka.FakeTransactions.Step;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a broker refuses for good of a transaction is a dead letter in it.
class TransactionalLettersTest {
  private static final String DEAD = "dead";

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // made before each test
  private FakeTransactions cluster;

  @SuppressWarnings("NullAway.Init") // made before each test
  private TransactionalShipper shipper;

  private @Nullable Outcome outcome;
  private long nanos = TimeUnit.HOURS.toNanos(1);

  @BeforeEach
  void start() {
    cluster = new FakeTransactions(folder);
    start(1);
  }

  private void start(long instance) {
    shipper = cluster.shipper(instance, instance == 1, Encoding.RAW);
    shipper.deadLetters(DEAD);
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
  }

  @AfterEach
  void end() {
    shipper.close(Duration.ZERO);
  }

  private static Batch batch(String... bodies) {
    Batch made = Batches.logs("k", bodies);
    return new Batch(
        made.signal(),
        made.bytes(),
        made.offset(),
        made.length(),
        made.records(),
        made.source(),
        made.key(),
        new Positions(7, 0, bodies.length, 0, 0).encode());
  }

  private static String text(ProducerRecord<byte[], byte[]> record) {
    return new String(record.value(), UTF_8);
  }

  private static boolean isLetter(ProducerRecord<byte[], byte[]> record) {
    return record.topic().equals(DEAD);
  }

  private void refuse(String... lines) {
    cluster.refusals =
        record ->
            !isLetter(record) && List.of(lines).contains(text(record))
                ? new InvalidRecordException("never")
                : null;
  }

  private List<ProducerRecord<byte[], byte[]>> letters() {
    return cluster.committed.stream().filter(TransactionalLettersTest::isLetter).toList();
  }

  private List<String> buried() {
    return letters().stream()
        .flatMap(letter -> Batches.bodies(ByteString.copyFrom(letter.value())).stream())
        .toList();
  }

  /// Until it is done.
  private Outcome ship(Batch batch) {
    for (int round = 0; round < 30; round++) {
      outcome = null;
      shipper.resume();
      shipper.shipWhole(List.of(batch), Origin.MEMORY, told -> outcome = told);
      nanos += TimeUnit.SECONDS.toNanos(1);
      while (shipper.doWork(nanos, () -> new long[0]) > 0) {
        nanos++;
      }
      if (!(outcome instanceof Outcome.Retryable)) {
        break;
      }
    }
    assertThat(outcome).isNotNull();
    return outcome == null ? Outcome.ACCEPTED : outcome;
  }

  private static void assertRefused(Outcome outcome, long rejected, long deadLettered) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.PartlyAccepted.class,
            partly -> {
              assertThat(partly.rejected()).as("rejected").isEqualTo(rejected);
              assertThat(partly.deadLettered()).as("letters").isEqualTo(deadLettered);
            });
  }

  private static long cut(Outcome outcome) {
    return outcome instanceof Outcome.PartlyAccepted partly ? partly.truncated() : 0;
  }

  private static String reason(ProducerRecord<byte[], byte[]> letter) {
    return new String(letter.headers().lastHeader("pannier.reason").value(), UTF_8);
  }

  @Test
  void eachLetterHasItsOwnReason() {
    cluster.refusals =
        record ->
            !isLetter(record) && List.of("1", "2", "4").contains(text(record))
                ? new InvalidRecordException("never " + text(record))
                : null;
    assertRefused(ship(batch("0", "1", "2", "3", "4")), 0, 3);
    assertThat(buried()).containsExactly("1", "2", "4");
    for (int i = 0; i < 3; i++) {
      assertThat(reason(letters().get(i))).contains("never " + buried().get(i));
    }
  }

  /// The next shipper finds it, and only this one knows what was refused of it.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatACommitWithoutAnAnswerHadIsToldWhereNobodyHereWillLearnIt(boolean whileClosing) {
    Batch batch = batch("0", "1", "2");
    shipper.bury(batch, "never");
    cluster.faults = step -> step == Step.AFTER_COMMIT ? new TimeoutException("no answer") : null;
    shipper.shipWhole(List.of(batch), Origin.MEMORY, told -> outcome = told);
    if (!whileClosing) {
      shipper.doWork(nanos, () -> new long[0]);
    }
    assertThat(outcome).isNull();
    shipper.close(Duration.ofSeconds(1));
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> {
              assertThat(retry.doubt()).isNotNull();
              if (retry.doubt() != null) {
                assertRefused(retry.doubt().ifCommitted(), 0, 3);
              }
            });
    cluster.faults = step -> null;
    start(2);
    assertThat(shipper.committed().covers(batch, Origin.MEMORY)).isTrue();
    assertThat(buried()).containsExactly("0", "1", "2");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatIsRefusedIsALetterInTheTransactionOfTheRest(boolean batches) {
    cluster.batches = batches;
    refuse("1", "3");
    assertRefused(ship(batch("0", "1", "2", "3")), 0, 2);
    assertThat(cluster.texts()).containsExactly("0", "2");
    assertThat(buried()).containsExactly("1", "3");
    assertThat(cluster.transactions).isEqualTo(1);
    ProducerRecord<byte[], byte[]> letter = letters().getFirst();
    assertThat(letter.key()).isEqualTo("k".getBytes(UTF_8));
    assertThat(new String(letter.headers().lastHeader("pannier.topic").value(), UTF_8))
        .isEqualTo(FakeTransactions.TOPIC);
    assertThat(new String(letter.headers().lastHeader("pannier.reason").value(), UTF_8))
        .contains("refused a message for the topic otlp_logs");
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  @Test
  void whereAllIsRefusedTheLettersAndThePositionsAreTheTransaction() {
    refuse("0", "1");
    assertRefused(ship(batch("0", "1")), 0, 2);
    assertThat(cluster.texts()).isEmpty();
    assertThat(buried()).containsExactly("0", "1");
    assertThat(cluster.positions()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLetterThatIsRefusedTooIsRejectedAndTheOthersAreNot(boolean batches) {
    cluster.batches = batches;
    cluster.refusals =
        record ->
            List.of("1", "2", "3").contains(text(record))
                    || (isLetter(record)
                        && Batches.bodies(ByteString.copyFrom(record.value())).contains("2"))
                ? new InvalidRecordException("never")
                : null;
    assertRefused(ship(batch("0", "1", "2", "3")), 1, 2);
    assertThat(cluster.texts()).containsExactly("0");
    assertThat(buried()).containsExactly("1", "3");
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  @Test
  void whereNoLetterIsTakenTheBatchIsRefused() {
    cluster.refusals =
        record ->
            record.topic().equals(FakeTransactions.POSITIONS)
                ? null
                : new InvalidRecordException("never");
    assertThat(ship(batch("0", "1"))).isInstanceOf(Outcome.Permanent.class);
    assertThat(letters()).isEmpty();
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  @Test
  void aLetterThatTheBrokerFindsTooLargeIsCut() {
    String large = "x".repeat(20_000);
    cluster.refusals =
        record ->
            isLetter(record)
                ? record.value().length > 6_000 ? new RecordTooLargeException("large") : null
                : text(record).equals(large) ? new InvalidRecordException("never") : null;
    Outcome done = ship(batch("0", large, "2"));
    assertRefused(done, 0, 1);
    assertThat(cut(done)).isEqualTo(1);
    assertThat(cluster.texts()).containsExactly("0", "2");
    assertThat(buried()).hasSize(1);
    assertThat(large).startsWith(buried().getFirst());
    assertThat(buried().getFirst().length()).isBetween(1_000, 6_000);
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  @Test
  void aLetterThatFitsNowhereIsRejected() {
    cluster.refusals =
        record ->
            isLetter(record)
                ? new RecordTooLargeException("large")
                : text(record).equals("1") ? new InvalidRecordException("never") : null;
    assertRefused(ship(batch("0", "1", "2")), 1, 0);
    assertThat(cluster.texts()).containsExactly("0", "2");
    assertThat(letters()).isEmpty();
    assertThat(shipper.remembersVerdicts()).isFalse();
  }

  @Test
  void whatIsBuriedIsALetterAndNothingElse() {
    Batch batch = batch("0");
    shipper.bury(batch, "too large");
    assertRefused(ship(batch), 0, 1);
    assertThat(cluster.texts()).isEmpty();
    assertThat(buried()).containsExactly("0");
  }

  @Test
  void whatCannotBeToldApartIsOneLetter() {
    Batch whole = batch("0", "1");
    Batch broken = whole.with(new byte[] {0x0a, 0x7f, 0}, 0, 3, 2);
    shipper.bury(broken, "no OTLP");
    assertRefused(ship(broken), 0, 2);
    assertThat(letters()).hasSize(1);
    assertThat(letters().getFirst().value()).containsExactly(0x0a, 0x7f, 0);
  }

  @Test
  void aBatchWaitsForTheTopicOfItsLettersAndOthersDoNot() {
    cluster.missingTopics.add(DEAD);
    start(2);
    refuse("1");
    Batch waiting = batch("0", "1");
    shipper.bury(waiting, "never");
    // The brokers are asked on another thread.
    while (!shipper.missing().contains("no topic " + DEAD)) {
      Thread.onSpinWait();
    }
    assertThat(ship(waiting)).isInstanceOf(Outcome.Missing.class);
    assertThat(ship(batch("2"))).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.texts()).containsExactly("2");
  }

  @ParameterizedTest
  @EnumSource(Step.class)
  void whereverTheProcessDiesEachRecordIsInOneOfBothPlacesOnce(Step where) {
    for (int after = 0; after < 6; after++) {
      cluster = new FakeTransactions(folder);
      start(1);
      cluster.crashAt = where;
      cluster.crashAfter = after;
      refuse("1", "4");
      long instance = 1;
      for (int i = 0; i < 6; i += 3) {
        Batch made = batch(String.valueOf(i), String.valueOf(i + 1), String.valueOf(i + 2));
        Batch next =
            new Batch(
                made.signal(),
                made.bytes(),
                made.offset(),
                made.length(),
                made.records(),
                made.source(),
                made.key(),
                new Positions(7, i, i + 3, 0, 0).encode());
        while (!shipper.committed().covers(next, Origin.MEMORY)) {
          Throwable crash = catchThrowable(() -> ship(next));
          if (crash != null) {
            assertThat(crash).isInstanceOf(Crash.class);
            instance++;
            start(instance);
          }
        }
      }
      assertThat(cluster.texts()).containsExactly("0", "2", "3", "5");
      assertThat(buried()).containsExactly("1", "4");
    }
  }
}

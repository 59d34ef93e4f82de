package dev.pannier.shippers.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.pannier.shippers.Batches;
import dev.pannier.shippers.Destination;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Refusal;
import dev.pannier.shippers.RemoteShipperContract;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.batch.Splitter;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KafkaShipperTest extends RemoteShipperContract {
  private final FakeCluster cluster = new FakeCluster();

  @Override
  protected Destination destination() {
    return cluster;
  }

  @Override
  protected Set<String> threadNames() {
    return Set.of("kafka-producer", "pannier-ship-");
  }

  private Outcome shipWith(Shipper with, Batch batch) throws InterruptedException {
    Told told = new Told(cluster.patience());
    with.resume();
    with.ship(batch, told);
    return told.await();
  }

  private KafkaShipper shipper(String topic, Encoding encoding, String key) {
    return cluster.shipper(cluster.settings(topic, encoding, key, Map.of()));
  }

  private static Map<String, String> headers(ProducerRecord<byte[], byte[]> record) {
    Map<String, String> headers = new TreeMap<>();
    for (Header header : record.headers()) {
      headers.put(header.key(), new String(header.value(), UTF_8));
    }
    return headers;
  }

  @Test
  void otlpIsOneMessageWithTheBatchesBytesKeyedByItsSource() throws Exception {
    Batch batch = Batches.logs("vol/1", "one", "two");
    assertThat(shipWith(cluster.shipper(), batch)).isEqualTo(Outcome.ACCEPTED);

    ProducerRecord<byte[], byte[]> record = cluster.stored.getFirst();
    assertThat(cluster.stored).hasSize(1);
    assertThat(record.topic()).isEqualTo(FakeCluster.TOPIC);
    assertThat(record.key()).isEqualTo("vol/1".getBytes(UTF_8));
    assertThat(ByteString.copyFrom(record.value()))
        .isEqualTo(ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length()));
    assertThat(headers(record))
        .isEqualTo(Map.of("encoding", "otlp_proto", "service.name", "checkout"));
  }

  @Test
  void aBatchWithoutSourceHasNoKey() throws Exception {
    assertThat(shipWith(cluster.shipper(), Batches.logs("", "one"))).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.stored.getFirst().key()).isNull();
  }

  @Test
  void rawIsTheLineOfEachRecord() throws Exception {
    Shipper raw = shipper("lines", Encoding.RAW, "resource:service.name");
    assertThat(shipWith(raw, Batches.logs("k", "one", "", "two"))).isEqualTo(Outcome.ACCEPTED);

    assertThat(cluster.texts()).containsExactly("one", "", "two");
    for (ProducerRecord<byte[], byte[]> record : cluster.stored) {
      assertThat(record.key()).isEqualTo("checkout".getBytes(UTF_8));
      assertThat(headers(record)).isEqualTo(Map.of("encoding", "raw", "service.name", "checkout"));
    }
    raw.close(Duration.ZERO);
  }

  @Test
  void aRecordWithATraceCarriesTraceparent() throws Exception {
    LogRecord record =
        LogRecord.newBuilder()
            .setBody(AnyValue.newBuilder().setStringValue("hi"))
            .setTraceId(ByteString.fromHex("0102030405060708090a0b0c0d0e0f10"))
            .setSpanId(ByteString.fromHex("1112131415161718"))
            .setFlags(1)
            .build();
    byte[] bytes =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .addScopeLogs(ScopeLogs.newBuilder().addLogRecords(record)))
            .build()
            .toByteArray();
    Shipper json = shipper("flat", Encoding.JSON, "trace_id");

    Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "otlp");
    assertThat(shipWith(json, batch)).isEqualTo(Outcome.ACCEPTED);

    assertThat(headers(cluster.stored.getFirst()))
        .isEqualTo(
            Map.of(
                "encoding",
                "json",
                "traceparent",
                "00-0102030405060708090a0b0c0d0e0f10-1112131415161718-01"));
    assertThat(cluster.stored.getFirst().key())
        .isEqualTo("0102030405060708090a0b0c0d0e0f10".getBytes(UTF_8));
    json.close(Duration.ZERO);
  }

  @Test
  void aTopicByTemplateTakesEachResourceToItsOwn() throws Exception {
    byte[] bytes =
        Batches.request("cart", "one").toBuilder()
            .mergeFrom(Batches.request("check out!", "two"))
            .mergeFrom(Batches.request("cart", "three"))
            .build()
            .toByteArray();
    Shipper byService = shipper("logs.${resource:service.name}", Encoding.OTLP_PROTO, "none");
    assertThat(byService.connect()).isEqualTo(Outcome.ACCEPTED);

    Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 3, "otlp");
    assertThat(shipWith(byService, batch)).isEqualTo(Outcome.ACCEPTED);

    assertThat(cluster.stored)
        .extracting(ProducerRecord::topic)
        .containsExactly("logs.cart", "logs.check_out_");
    assertThat(cluster.stored()).containsExactly("one", "three", "two");
    byService.close(Duration.ZERO);
  }

  /// All three are on their way before the first is answered.
  private Outcome shipThreeOfWhichTheSecondFails(Shipper raw) throws InterruptedException {
    // Lines that are as large have been confirmed, so nothing waits for an answer.
    assertThat(shipWith(raw, Batches.logs("k", "zeroth"))).isEqualTo(Outcome.ACCEPTED);
    cluster.holding = true;
    cluster.answers =
        record ->
            new String(record.value(), UTF_8).equals("two") ? new TimeoutException("late") : null;
    Told told = new Told(cluster.patience());
    raw.ship(Batches.logs("k", "one", "two", "three"), told);
    cluster.holding = false;
    return told.await();
  }

  @Test
  void onlyWhatIsNotConfirmedIsToBeSentAgain() throws Exception {
    Shipper raw = shipper("lines", Encoding.RAW, "none");

    assertThat(shipThreeOfWhichTheSecondFails(raw))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.unconfirmed()).isEqualTo(BitSet.valueOf(new long[] {0b010})));
    assertThat(cluster.texts()).containsExactly("zeroth", "one", "three");
    raw.close(Duration.ZERO);
  }

  @Test
  void whereOrderCountsWhatIsBehindInTheSameBatchIsNotConfirmedEither() throws Exception {
    Shipper raw = shipper("lines", Encoding.RAW, "source");

    assertThat(shipThreeOfWhichTheSecondFails(raw))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> assertThat(retry.unconfirmed()).isEqualTo(BitSet.valueOf(new long[] {0b110})));
    assertThat(cluster.texts()).containsExactly("zeroth", "one");
    raw.close(Duration.ZERO);
  }

  @Test
  void nothingFollowsWhatTheBrokerMayFindTooLarge() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    cluster.holding = true;
    Told first = new Told(cluster.patience());
    shipper.ship(Batches.logs("k", "x".repeat(100)), first);
    assertThat(shipper.pipelines("k")).as("the first of its key").isFalse();
    assertThat(shipper.pipelines("other")).isTrue();
    cluster.holding = false;
    assertThat(first.await()).isEqualTo(Outcome.ACCEPTED);
    assertThat(shipper.pipelines("k")).isTrue();

    cluster.holding = true;
    Told asLarge = new Told(cluster.patience());
    shipper.ship(Batches.logs("k", "y".repeat(100)), asLarge);
    assertThat(shipper.pipelines("k")).as("as large as what was confirmed").isTrue();
    Told larger = new Told(cluster.patience());
    shipper.ship(Batches.logs("k", "z".repeat(101)), larger);
    assertThat(shipper.pipelines("k")).as("larger than all before").isFalse();
    cluster.holding = false;
    assertThat(asLarge.await()).isEqualTo(Outcome.ACCEPTED);
    assertThat(larger.await()).isEqualTo(Outcome.ACCEPTED);
    shipper.close(Duration.ZERO);
  }

  @Test
  void theLinesBehindOneThatWasTooLargeAreNotStoredBeforeIt() throws Exception {
    Shipper raw = shipper("lines", Encoding.RAW, "source");
    cluster.overtaking = true;
    cluster.answers =
        record -> record.value().length > 500 ? new RecordTooLargeException("above 500") : null;

    assertThat(shipWith(raw, Batches.logs("k", "one", "x".repeat(600), "three", "four")))
        .isInstanceOfSatisfying(
            Outcome.TooLarge.class,
            tooLarge ->
                assertThat(tooLarge.unconfirmed()).isEqualTo(BitSet.valueOf(new long[] {0b1110})));
    assertThat(cluster.texts()).containsExactly("one");
    assertThat(cluster.producers).as("nothing had to be closed").isEqualTo(1);
    raw.close(Duration.ZERO);
  }

  @Test
  void aMessageThatIsTooLargeKeepsTheWholeBatchFromBeingSent() throws Exception {
    Shipper raw =
        cluster.shipper(
            cluster.settings("lines", Encoding.RAW, "source", Map.of("max.request.size", "1000")));

    assertThat(shipWith(raw, Batches.logs("k", "one", "x".repeat(1000))))
        .isInstanceOfSatisfying(
            Outcome.TooLarge.class,
            tooLarge -> {
              assertThat(tooLarge.limitBytes()).isBetween(700, 999);
              assertThat(tooLarge.unconfirmed()).isNull();
              assertThat(tooLarge.reason()).contains("lines", "1000");
            });
    assertThat(cluster.stored).isEmpty();
    raw.close(Duration.ZERO);
  }

  @Test
  void whatTheBrokerFoundTooLargeIsSplitBeforehandFromThenOn() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    cluster.answers = record -> new RecordTooLargeException("no");
    Batch batch = Batches.logs("k", "x".repeat(10_000), "y".repeat(10_000));
    assertThat(shipWith(shipper, batch)).isInstanceOf(Outcome.TooLarge.class);

    cluster.answers = record -> null;
    assertThat(shipWith(shipper, batch))
        .isInstanceOfSatisfying(
            Outcome.TooLarge.class, again -> assertThat(again.limitBytes()).isLessThan(21_000));
    shipUntilAccepted(shipper, Batches.logs("k", "small"));
    shipper.close(Duration.ZERO);
  }

  @Test
  void oneRecordIsLeftToTheBrokerWhateverItHasRefusedBefore() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    cluster.answers =
        record -> record.value().length > 50_000 ? new RecordTooLargeException("no") : null;
    assertThat(shipWith(shipper, Batches.logs("k", "x".repeat(15_000), "y".repeat(15_000))))
        .isInstanceOf(Outcome.TooLarge.class);

    shipUntilAccepted(shipper, Batches.logs("k", "z".repeat(18_000)));

    assertThat(cluster.stored()).containsExactly("z".repeat(18_000));
    shipper.close(Duration.ZERO);
  }

  @Test
  void aProducerThatCanSendNoMoreIsReplaced() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    assertThat(shipWith(shipper, Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);
    cluster.answers = record -> new OutOfOrderSequenceException("fenced");
    assertThat(shipWith(shipper, Batches.logs("k", "two"))).isInstanceOf(Outcome.Retryable.class);
    cluster.answers = record -> null;

    shipUntilAccepted(shipper, Batches.logs("k", "two"));

    assertThat(cluster.producers).isEqualTo(2);
    assertThat(cluster.stored()).containsExactly("one", "two");
    shipper.close(Duration.ZERO);
  }

  /// One batch with a record of each.
  private static Batch ofCartAndMail(String ofCart, String ofMail) {
    byte[] both =
        Batches.request("cart", ofCart).toBuilder()
            .mergeFrom(Batches.request("mail", ofMail))
            .build()
            .toByteArray();
    return Batch.received(Signal.LOGS, both, 0, both.length, 2, "otlp");
  }

  @Test
  void aTopicThatIsMissingKeepsOnlyWhatGoesThere() throws Exception {
    KafkaShipper shipper = shipper("logs.${resource:service.name}", Encoding.OTLP_PROTO, "none");
    cluster.missingTopics.add("logs.cart");

    assertThat(shipWith(shipper, received("cart", "one")))
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing ->
                assertThat(missing.reason()).contains("has no topic logs.cart", "create it"));
    assertThat(shipper.missing()).contains("has no topic logs.cart");
    assertThat(shipWith(shipper, received("mail", "two"))).isEqualTo(Outcome.ACCEPTED);
    assertThat(shipWith(shipper, ofCartAndMail("three", "four")))
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing -> assertThat(missing.unconfirmed()).isEqualTo(BitSet.valueOf(new long[] {1})));

    assertThat(cluster.stored()).containsExactly("two", "four");
    assertThat(cluster.producers).isEqualTo(1);
    shipper.close(Duration.ZERO);
  }

  @Test
  void whatIsRefusedWhileATopicIsMissingDoesNotGoAgain() throws Exception {
    KafkaShipper shipper = shipper("logs.${resource:service.name}", Encoding.OTLP_PROTO, "none");
    assertThat(shipWith(shipper, received("mail", "zero"))).isEqualTo(Outcome.ACCEPTED);
    cluster.missingTopics.add("logs.cart");
    cluster.answers =
        record -> record.topic().equals("logs.mail") ? new InvalidRecordException("never") : null;
    assertThat(shipWith(shipper, ofCartAndMail("one", "two")))
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing -> {
              assertThat(missing.unconfirmed()).isEqualTo(BitSet.valueOf(new long[] {0b01}));
              assertThat(missing.refused())
                  .singleElement()
                  .satisfies(
                      refused -> {
                        assertThat(refused.records()).isEqualTo(BitSet.valueOf(new long[] {0b10}));
                        assertThat(refused.reason()).contains("never");
                      });
            });
    shipper.close(Duration.ZERO);
  }

  /// A message to `stuck` is not confirmed in time, while one that was sent later to another is.
  private Outcome expireWhileOthersAreConfirmed(Shipper shipper, Batch stuck) throws Exception {
    cluster.stuck = record -> "stuck".equals(new String(record.key(), UTF_8));
    Told told = new Told(cluster.patience());
    shipper.ship(stuck, told);
    assertThat(shipWith(shipper, Batches.logs("other", "goes on"))).isEqualTo(Outcome.ACCEPTED);
    cluster.expire();
    return told.await();
  }

  @Test
  void aPartitionThatTakesNothingKeepsOnlyWhatGoesThere() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    Batch batch = Batches.logs("stuck", "waits");
    String partition =
        FakeCluster.TOPIC + "-" + Math.floorMod(Arrays.hashCode("stuck".getBytes(UTF_8)), 1_000);
    Set<String> reasons = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      cluster.refusedConnections = i;
      assertThat(expireWhileOthersAreConfirmed(shipper, batch))
          .isInstanceOfSatisfying(
              Outcome.Missing.class,
              missing -> {
                assertThat(missing.unconfirmed()).isNull();
                assertThat(missing.reason())
                    .contains(" does not confirm messages to " + partition + " in time")
                    .contains("waits alone");
                assertThat(shipper.missing()).isEqualTo(missing.reason());
                reasons.add(missing.reason());
              });
      assertThat(shipWith(shipper, Batches.logs("other", "at once"))).isEqualTo(Outcome.ACCEPTED);
    }
    assertThat(shipper.missing()).isNotEmpty();
    assertThat(reasons).as("what waits for the same does so in the same words").hasSize(1);

    cluster.stuck = record -> false;
    assertThat(shipWith(shipper, batch)).isEqualTo(Outcome.ACCEPTED);
    assertThat(shipper.missing()).isEmpty();
    assertThat(cluster.producers).isEqualTo(1);
    shipper.close(Duration.ZERO);
  }

  @Test
  void aPartitionThatIsTriedNoMoreIsNotToldForEver() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    assertThat(expireWhileOthersAreConfirmed(shipper, Batches.logs("stuck", "waits")))
        .isInstanceOf(Outcome.Missing.class);
    cluster.nanos.addAndGet(TimeUnit.MINUTES.toNanos(2));
    assertThat(shipper.missing()).isEmpty();
    shipper.close(Duration.ZERO);
  }

  @Test
  void ofManyPartitionsThatTakeNothingAFewAreNamed() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    cluster.stuck = record -> new String(record.key(), UTF_8).startsWith("stuck");
    List<Told> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Told told = new Told(cluster.patience());
      shipper.ship(Batches.logs("stuck" + i, "waits"), told);
      all.add(told);
    }
    assertThat(shipWith(shipper, Batches.logs("other", "goes on"))).isEqualTo(Outcome.ACCEPTED);
    cluster.expire();
    Set<String> reasons = new HashSet<>();
    for (Told told : all) {
      assertThat(told.await())
          .isInstanceOfSatisfying(Outcome.Missing.class, missing -> reasons.add(missing.reason()));
    }

    assertThat(reasons).as("a partition each").hasSize(10);
    assertThat(shipper.missing())
        .contains(" and 2 more in time")
        .satisfies(line -> assertThat(line.split("otlp_logs-", -1)).hasSize(8 + 1));
    shipper.close(Duration.ZERO);
  }

  /// In a stream the producer is closed for the sake of order, as for any failure; from then on the key goes alone.
  @Test
  void whatExpiresInAStreamTakesOnlyWhatIsBehindItAlong() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    assertThat(shipWith(shipper, Batches.logs("stuck", "before"))).isEqualTo(Outcome.ACCEPTED);
    cluster.stuck = record -> "stuck".equals(new String(record.key(), UTF_8));
    Told first = new Told(cluster.patience());
    Told second = new Told(cluster.patience());
    shipper.ship(Batches.logs("stuck", "first."), first);
    assertThat(shipper.pipelines("stuck")).isTrue();
    shipper.ship(Batches.logs("stuck", "second"), second);
    assertThat(shipWith(shipper, Batches.logs("other", "goes on"))).isEqualTo(Outcome.ACCEPTED);
    cluster.expire();
    assertThat(first.await()).isInstanceOf(Outcome.Missing.class);
    assertThat(second.await()).isInstanceOf(Outcome.Missing.class);
    Told third = new Told(cluster.patience());
    shipper.ship(Batches.logs("stuck", "third"), third);
    assertThat(third.await())
        .as("until the caller has seen the failure")
        .isInstanceOf(Outcome.Retryable.class);
    shipper.resume();

    Batch again = Batches.logs("stuck", "first.");
    for (int i = 0; i < 2; i++) {
      assertThat(expireWhileOthersAreConfirmed(shipper, again)).isInstanceOf(Outcome.Missing.class);
      assertThat(shipWith(shipper, Batches.logs("other", "at once"))).isEqualTo(Outcome.ACCEPTED);
    }
    assertThat(cluster.producers).isEqualTo(2);
    shipper.close(Duration.ZERO);
  }

  @Test
  void whereNothingIsConfirmedMeanwhileTheClusterIsToBlame() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    assertThat(shipWith(shipper, Batches.logs("other", "before"))).isEqualTo(Outcome.ACCEPTED);
    cluster.stuck = record -> true;
    Told told = new Told(cluster.patience());
    shipper.ship(Batches.logs("stuck", "waits"), told);
    cluster.awaitStuck(1);
    cluster.expire();

    assertThat(told.await()).isInstanceOf(Outcome.Retryable.class);
    assertThat(shipper.missing()).isEmpty();
    shipper.close(Duration.ZERO);
  }

  /// Kafka's client tells it of the first connection alone.
  @Test
  void whereConnectionsAreRefusedWhatIsNotConfirmedInTimeSaysSo() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    assertThat(shipWith(shipper, Batches.logs("k", "before"))).isEqualTo(Outcome.ACCEPTED);
    cluster.refusedConnections = 7;
    cluster.down();
    assertThat(shipWith(shipper, Batches.logs("k", "now")))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry ->
                assertThat(retry.reason())
                    .contains("did not answer in time", "7 of this client's connections"));
    shipper.close(Duration.ZERO);
  }

  /// The thread that ships does not wait for each attempt's end.
  @Test
  void ofABatchToSuchAPartitionOneMessageIsTried() throws Exception {
    KafkaShipper raw =
        cluster.shipper(
            cluster.settings("lines", Encoding.RAW, "source", Map.of("max.block.ms", "1")));
    Batch batch = Batches.logs("stuck", "one", "two", "three");
    assertThat(expireWhileOthersAreConfirmed(raw, batch)).isInstanceOf(Outcome.Retryable.class);
    raw.resume();
    for (int i = 0; i < 2; i++) {
      assertThat(expireWhileOthersAreConfirmed(raw, batch))
          .isInstanceOfSatisfying(
              Outcome.Missing.class, missing -> assertThat(missing.unconfirmed()).isNull());
    }

    cluster.stuck = record -> false;
    cluster.holding = true;
    Told told = new Told(cluster.patience());
    raw.ship(batch, told);
    cluster.holding = false;
    assertThat(told.await())
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing ->
                assertThat(missing.unconfirmed()).isEqualTo(BitSet.valueOf(new long[] {0b110})));
    assertThat(shipWith(raw, Batches.logs("stuck", "two", "three"))).isEqualTo(Outcome.ACCEPTED);
    assertThat(cluster.texts())
        .filteredOn(line -> !line.equals("goes on"))
        .containsExactly("one", "two", "three");
    raw.close(Duration.ZERO);
  }

  @Test
  void ofWhatHasNoOrderOnlyWhatIsNotConfirmedInTimeWaits() throws Exception {
    Shipper raw = shipper("lines", Encoding.RAW, "none");
    cluster.stuck = record -> new String(record.value(), UTF_8).equals("two");
    Told told = new Told(cluster.patience());
    raw.ship(Batches.logs("k", "one", "two", "three"), told);
    cluster.awaitStuck(1);
    assertThat(shipWith(raw, Batches.logs("k", "four"))).isEqualTo(Outcome.ACCEPTED);
    cluster.expire();
    assertThat(told.await())
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing ->
                assertThat(missing.unconfirmed()).isEqualTo(BitSet.valueOf(new long[] {0b010})));
    raw.close(Duration.ZERO);
  }

  @Test
  void ofManyTopicsThatAreMissingABatchWaitsForOne() throws Exception {
    KafkaShipper shipper = shipper("logs.${resource:service.name}", Encoding.OTLP_PROTO, "none");
    ExportLogsServiceRequest.Builder all = ExportLogsServiceRequest.newBuilder();
    for (int i = 0; i < 20; i++) {
      cluster.missingTopics.add("logs.absent" + i);
      all.mergeFrom(Batches.request("absent" + i, "no"));
    }
    byte[] bytes = all.mergeFrom(Batches.request("mail", "two")).build().toByteArray();
    Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 21, "otlp");
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    assertThat(shipWith(shipper, batch)).isInstanceOf(Outcome.Missing.class);

    // Those of which nothing was known are asked for by another thread: one of them is there.
    long deadlineNanos = System.nanoTime() + cluster.patience().toNanos();
    while (cluster.stored().isEmpty()) {
      assertThat(shipWith(shipper, batch)).isInstanceOf(Outcome.Missing.class);
      assertThat(System.nanoTime() - deadlineNanos).as("time left").isNegative();
    }
    assertThat(cluster.stored()).containsExactly("two");
    assertThat(cluster.waitedFor).isEqualTo(1);
    shipper.close(Duration.ZERO);
  }

  private static Batch received(String service, String body) {
    byte[] bytes = Batches.request(service, body).toByteArray();
    return Batch.received(Signal.LOGS, bytes, 0, bytes.length, 1, "otlp");
  }

  @Test
  void aTopicThatAppearsGetsItsRecords() throws Exception {
    cluster.missingTopics.add(FakeCluster.TOPIC);
    KafkaShipper shipper = cluster.shipper();
    assertThat(shipper.connect()).as("the brokers answer").isEqualTo(Outcome.ACCEPTED);
    assertThat(shipper.missing()).contains("no topic otlp_logs");
    assertThat(shipWith(shipper, Batches.logs("k", "one"))).isInstanceOf(Outcome.Missing.class);

    cluster.missingTopics.clear();
    long deadlineNanos = System.nanoTime() + cluster.patience().toNanos();
    while (!shipper.missing().isEmpty()) {
      Thread.onSpinWait();
      assertThat(System.nanoTime() - deadlineNanos).as("time left").isNegative();
    }
    assertThat(shipWith(shipper, Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);
    shipper.close(Duration.ZERO);
  }

  @Test
  void aTopicThatMayNotBeWrittenToIsTriedAgain() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
    cluster.answers = record -> new TopicAuthorizationException(Set.of(record.topic()));
    assertThat(shipWith(shipper, Batches.logs("k", "one")))
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing -> assertThat(missing.reason()).contains("allow WRITE and DESCRIBE"));
    assertThat(shipper.missing()).contains("allow WRITE and DESCRIBE");

    cluster.answers = record -> null;
    shipUntilAccepted(shipper, Batches.logs("k", "one"));

    assertThat(shipper.missing()).isEmpty();
    shipper.close(Duration.ZERO);
  }

  @Test
  void aClockThatIsWrongCostsNoRecord() throws Exception {
    KafkaShipper shipper = cluster.shipper();
    cluster.answers = record -> new InvalidTimestampException("out of range");
    assertThat(shipWith(shipper, Batches.logs("k", "one")))
        .isInstanceOfSatisfying(
            Outcome.Missing.class,
            missing -> assertThat(missing.reason()).contains("clock", "otlp_logs"));
    cluster.answers = record -> null;
    shipUntilAccepted(shipper, Batches.logs("k", "one"));
    assertThat(cluster.stored()).containsExactly("one");
    assertThat(cluster.producers).as("it can send on").isEqualTo(1);
    shipper.close(Duration.ZERO);
  }

  /// As the caller does it: what is not confirmed goes again, in order, until nothing is left.
  private List<String> refusedOf(Shipper shipper, List<Batch> batches) throws InterruptedException {
    List<String> refused = new ArrayList<>();
    List<Batch> left = batches;
    for (int round = 0; !left.isEmpty(); round++) {
      shipper.resume();
      List<Told> told = new ArrayList<>();
      for (Batch batch : left) {
        Told one = new Told(cluster.patience());
        shipper.ship(batch, one);
        told.add(one);
      }
      cluster.holding = false;
      List<Batch> again = new ArrayList<>();
      for (int i = 0; i < told.size(); i++) {
        Batch batch = left.get(i);
        switch (told.get(i).await()) {
          case Outcome.Retryable retry -> {
            assertThat(retry.learnt()).as(retry.reason()).isTrue();
            refused.addAll(bodies(batch, retry.refused()));
            BitSet open = retry.unconfirmed();
            again.add(open == null ? batch : Splitter.select(batch, open));
          }
          case Outcome.Permanent _ -> refused.addAll(bodies(batch));
          case Outcome.PartlyAccepted partly -> refused.addAll(bodies(batch, partly.refused()));
          default -> {}
        }
      }
      if (round > 0) {
        assertThat(records(again)).as("left by attempt %d", round).isLessThan(records(left));
      }
      left = again;
    }
    return refused;
  }

  private static int records(List<Batch> batches) {
    return batches.stream().mapToInt(Batch::records).sum();
  }

  private static List<String> bodies(Batch batch, List<Refusal> refused) {
    List<String> all = bodies(batch);
    return refused.stream().flatMapToInt(one -> one.records().stream()).mapToObj(all::get).toList();
  }

  private static List<String> bodies(Batch batch) {
    return Batches.bodies(ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length()));
  }

  @ParameterizedTest
  @CsvSource({"source,true", "source,false", "none,true", "none,false"})
  void neighboursOfARecordThatIsRefusedAreNot(String key, boolean tellsWhich) throws Exception {
    Shipper raw = shipper("lines", Encoding.RAW, key);
    for (String source : List.of("a", "b")) {
      // Lines that are as large have been confirmed, so nothing waits for an answer.
      assertThat(shipWith(raw, Batches.logs(source, "zeroth"))).isEqualTo(Outcome.ACCEPTED);
    }
    cluster.tellsWhich = tellsWhich;
    cluster.poison = record -> new String(record.value(), UTF_8).startsWith("bad");
    cluster.holding = true;

    List<String> refused =
        refusedOf(
            raw,
            List.of(
                Batches.logs("a", "a1", "bad 1", "a2"),
                Batches.logs("b", "b1", "b2", "b3"),
                Batches.logs("a", "a3", "bad 2")));

    assertThat(refused).containsExactlyInAnyOrder("bad 1", "bad 2");
    List<String> texts = cluster.texts();
    assertThat(texts).containsAll(List.of("a1", "a2", "a3", "b1", "b2", "b3"));
    if (key.equals("source")) {
      assertThat(texts.stream().filter(text -> text.startsWith("a")))
          .containsExactly("a1", "a2", "a3");
      assertThat(texts.stream().filter(text -> text.startsWith("b")))
          .containsExactly("b1", "b2", "b3");
    }
    raw.close(Duration.ZERO);
  }

  @ParameterizedTest
  @CsvSource({"source", "none"})
  void eachAttemptLeavesFewerOfWhatWasRefusedTogether(String key) throws Exception {
    Shipper raw = shipper("lines", Encoding.RAW, key);
    for (String source : List.of("a", "b")) {
      // Lines that are as large have been confirmed, so nothing waits for an answer.
      assertThat(shipWith(raw, Batches.logs(source, "good 999"))).isEqualTo(Outcome.ACCEPTED);
    }
    cluster.stored.clear();
    List<String> good = new ArrayList<>();
    List<String> bad = new ArrayList<>();
    String[] lines = new String[120];
    for (int i = 0; i < lines.length; i++) {
      lines[i] = (i % 6 == 3 ? "bad " : "good ") + i;
      (i % 6 == 3 ? bad : good).add(lines[i]);
    }
    cluster.poison = record -> new String(record.value(), UTF_8).startsWith("bad");
    cluster.batchRecords = 10;
    cluster.holding = true;

    List<String> refused =
        refusedOf(raw, List.of(Batches.logs("a", lines), Batches.logs("b", "b1", "b2")));

    assertThat(refused).containsExactlyElementsOf(bad);
    List<String> texts = cluster.texts();
    if (key.equals("source")) {
      assertThat(texts.stream().filter(text -> text.startsWith("good")))
          .containsExactlyElementsOf(good);
    } else {
      assertThat(texts).containsAll(good);
    }
    assertThat(texts).doesNotHaveDuplicates().hasSize(good.size() + 2).contains("b1", "b2");
    raw.close(Duration.ZERO);
  }

  @Test
  void whereWhatIsSentAloneFailsOtherwiseNothingIsLearnt() throws Exception {
    Shipper raw = shipper("lines", Encoding.RAW, "source");
    assertThat(shipWith(raw, Batches.logs("a", "zeroth"))).isEqualTo(Outcome.ACCEPTED);
    cluster.poison = record -> true;
    cluster.holding = true;
    Batch batch = Batches.logs("a", "a1", "a2");
    Told together = new Told(cluster.patience());
    raw.ship(batch, together);
    cluster.holding = false;
    assertThat(together.await())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.learnt()).isTrue());
    cluster.poison = null;
    cluster.answers = record -> new TimeoutException("late");
    assertThat(shipWith(raw, batch))
        .isInstanceOfSatisfying(
            Outcome.Retryable.class, retry -> assertThat(retry.learnt()).isFalse());
    raw.close(Duration.ZERO);
  }

  @Test
  void recordsThatAreRefusedForDifferentReasonsHaveEachItsOwn() throws Exception {
    KafkaShipper raw = shipper("${resource:service.name}", Encoding.RAW, "none");
    byte[] bytes =
        Batches.request("one", "1").toBuilder()
            .mergeFrom(Batches.request("two", "2"))
            .build()
            .toByteArray();
    Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 2, "otlp");
    cluster.answers = record -> new SerializationException("not for " + record.topic());
    assertThat(shipWith(raw, batch))
        .isInstanceOfSatisfying(
            Outcome.PartlyAccepted.class,
            partly -> {
              assertThat(partly.rejected()).isEqualTo(2);
              assertThat(partly.refused()).hasSize(2);
              assertThat(partly.refused().getFirst().reason()).contains("not for one");
              assertThat(partly.refused().getLast().reason()).contains("not for two");
            });
    raw.close(Duration.ZERO);
  }

  /// For as long as nobody tells the producer, here.
  @Test
  void whatIsAwaitedDoesNotLingerForAsLongAsTheUserHasSaid() throws Exception {
    Shipper raw =
        cluster.shipper(
            cluster.settings("lines", Encoding.RAW, "none", Map.of("linger.ms", "5000")));
    cluster.poison = record -> new String(record.value(), UTF_8).startsWith("bad");
    cluster.holding = true;
    Told first = new Told(cluster.patience());
    Batch batch = Batches.logs("a", "a1", "bad 1", "a2");
    raw.ship(batch, first);
    cluster.holding = false;
    assertThat(first.await()).isInstanceOf(Outcome.Retryable.class);

    cluster.lingering = true;
    assertThat(refusedOf(raw, List.of(batch))).containsExactly("bad 1");
    assertThat(cluster.texts()).containsExactly("a1", "a2");
    raw.close(Duration.ZERO);
  }

  @Test
  void connectTellsApartWhatIsWrong() {
    Map<RuntimeException, String> lines =
        Map.of(
            new TimeoutException("t"),
            "refuses connections",
            new SaslAuthenticationException("bad " + Destination.SECRET),
            "refused the login",
            new SslAuthenticationException("handshake"),
            "TLS with");
    lines.forEach(
        (error, line) -> {
          KafkaShipper shipper = cluster.shipper();
          cluster.metadataError = error;
          assertThat(shipper.connect())
              .isInstanceOfSatisfying(
                  Outcome.Retryable.class,
                  retry ->
                      assertThat(retry.reason())
                          .contains(line, "127.0.0.1:")
                          .doesNotContain(Destination.SECRET, "\n"));
          shipper.close(Duration.ZERO);
        });
  }

  @Test
  void connectReachesTheBrokersAndTellsWhatTopicsLack() {
    Map<RuntimeException, String> lines =
        Map.of(
            new TimeoutException("t", new UnknownTopicOrPartitionException("u")),
            "has no topic otlp_logs",
            new TopicAuthorizationException(Set.of("otlp_logs")),
            "allow WRITE and DESCRIBE",
            new InvalidTopicException("otlp_logs"),
            "takes no topic named otlp_logs");
    lines.forEach(
        (error, line) -> {
          KafkaShipper shipper = cluster.shipper();
          cluster.metadataError = error;
          assertThat(shipper.connect()).isEqualTo(Outcome.ACCEPTED);
          assertThat(shipper.missing()).contains(line, "127.0.0.1:").doesNotContain("\n");
          shipper.close(Duration.ZERO);
        });
  }

  @Test
  void kafkaTakesOurPropertiesAndTheUsersComeFirst() {
    Map<String, Object> properties =
        ProducerProperties.of(
            cluster.settings(
                "t",
                Encoding.RAW,
                "source",
                Map.of("linger.ms", "7", "delivery.timeout.ms", "2000", "client.id", "mine")),
            123_456);

    ProducerConfig config = new ProducerConfig(properties);

    assertThat(config.getLong(ProducerConfig.LINGER_MS_CONFIG)).isEqualTo(7);
    assertThat(config.getInt(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG)).isEqualTo(1993);
    assertThat(config.getLong(ProducerConfig.BUFFER_MEMORY_CONFIG)).isEqualTo(123_456);
    assertThat(config.getString(ProducerConfig.ACKS_CONFIG)).isEqualTo("-1");
    assertThat(config.getBoolean(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG)).isTrue();
    assertThat(config.getString(ProducerConfig.CLIENT_ID_CONFIG)).isEqualTo("mine");
    assertThat(config.getString(ProducerConfig.COMPRESSION_TYPE_CONFIG)).isEqualTo("lz4");
    assertThat(List.of(ProducerProperties.largestMessageBytes(properties)))
        .containsExactly(123_456);
  }

  /// Before the commit nobody sees them.
  @Test
  void messagesOfATransactionWaitForEachOtherUnlessTheUserSaysOtherwise() {
    assertThat(transactionsLingerMillis(Map.of())).isEqualTo(5);
    assertThat(transactionsLingerMillis(Map.of("linger.ms", "0"))).isEqualTo(0);
  }

  private long transactionsLingerMillis(Map<String, String> properties) {
    return new ProducerConfig(
            ProducerProperties.transactional(
                cluster.settings("t", Encoding.OTLP_PROTO, "source", properties), 123_456, "id"))
        .getLong(ProducerConfig.LINGER_MS_CONFIG);
  }

  @Test
  void singleRecordsWaitForEachOtherAndBatchesForNothing() {
    assertThat(lingerMillis(Encoding.RAW)).isEqualTo(5);
    assertThat(lingerMillis(Encoding.JSON)).isEqualTo(5);
    assertThat(lingerMillis(Encoding.OTLP_PROTO)).isEqualTo(0);
    assertThat(lingerMillis(Encoding.OTLP_JSON)).isEqualTo(0);
  }

  @Test
  void singleMessagesLingerNoLongerThanMoreAreAtHand() throws Exception {
    Shipper json = shipper("flat", Encoding.JSON, "none");
    assertThat(shipWith(json, Batches.logs("k", "one"))).isEqualTo(Outcome.ACCEPTED);
    json.flush();
    assertThat(cluster.flushes.tryAcquire(cluster.patience().toNanos(), TimeUnit.NANOSECONDS))
        .isTrue();
    json.close(Duration.ZERO);
  }

  @Test
  void whoSaysHowLongMessagesLingerIsObeyed() {
    assertThat(lingersUntilFlushed(Encoding.JSON, Map.of())).isTrue();
    assertThat(lingersUntilFlushed(Encoding.JSON, Map.of("linger.ms", "50"))).isFalse();
    assertThat(lingersUntilFlushed(Encoding.OTLP_PROTO, Map.of())).isFalse();
  }

  private boolean lingersUntilFlushed(Encoding encoding, Map<String, String> properties) {
    ShipperSettings.Kafka settings = cluster.settings("t", encoding, "source", properties);
    return ProducerProperties.lingersUntilFlushed(
        settings, ProducerProperties.of(settings, 8 << 20));
  }

  private long lingerMillis(Encoding encoding) {
    return config(encoding, 8 << 20).getLong(ProducerConfig.LINGER_MS_CONFIG);
  }

  @Test
  void buffersAreAsLargeAsMemoryHasRoomForSeveral() {
    assertThat(batchBytes(1 << 20)).isEqualTo(64 * 1024);
    assertThat(batchBytes(4 << 20)).isEqualTo(128 * 1024);
    assertThat(batchBytes(8 << 20)).isEqualTo(256 * 1024);
    assertThat(batchBytes(1 << 30)).isEqualTo(256 * 1024);
  }

  private int batchBytes(long memoryBytes) {
    return config(Encoding.RAW, memoryBytes).getInt(ProducerConfig.BATCH_SIZE_CONFIG);
  }

  private ProducerConfig config(Encoding encoding, long memoryBytes) {
    return new ProducerConfig(
        ProducerProperties.of(cluster.settings("t", encoding, "source", Map.of()), memoryBytes));
  }

  @Test
  void everyCompressionWorksHere() {
    for (String type : List.of("none", "gzip", "lz4", "zstd", "snappy")) {
      assertThat(Compressors.problem(type)).as(type).isEmpty();
    }
  }

  @Test
  void messagesThatTogetherTakeMoreThanMemoryAreMadeOneByOne() throws Exception {
    int records = 3_000;
    int resourceBytes = 2_000;
    cluster.memoryBytes = 1 << 20;
    AtomicLong held = new AtomicLong();
    cluster.answers =
        record -> {
          held.addAndGet(record.value().length);
          return null;
        };
    KafkaShipper json = shipper("flat", Encoding.JSON, "source");
    Batch batch = Batches.ofLargeResource("vol/1", resourceBytes, records);

    assertThat(shipWith(json, batch)).isEqualTo(Outcome.ACCEPTED);

    assertThat(held).hasValueGreaterThan((long) records * resourceBytes);
    List<String> texts = cluster.texts();
    assertThat(texts).hasSize(records);
    for (int i = 0; i < records; i++) {
      assertThat(texts.get(i)).contains("\"line " + i + "\"");
    }
    json.close(Duration.ZERO);
  }

  @Test
  void whatIsMadeOneByOneIsDividedBeforeAnyOfItIsSent() throws Exception {
    cluster.memoryBytes = 1 << 16;
    KafkaShipper json =
        cluster.shipper(
            cluster.settings(
                "flat",
                Encoding.JSON,
                "source",
                Map.of(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, "20000")));
    String[] bodies = new String[200];
    java.util.Arrays.fill(bodies, "x".repeat(1_000));
    bodies[199] = "x".repeat(20_000);

    assertThat(shipWith(json, Batches.logs("vol/1", bodies))).isInstanceOf(Outcome.TooLarge.class);
    assertThat(cluster.stored).isEmpty();
    json.close(Duration.ZERO);
  }

  @Test
  void requestThatIsLongAsJsonIsNotMadeWhole() throws Exception {
    KafkaShipper json = shipper("otlp", Encoding.OTLP_JSON, "source");
    Batch batch = Batches.ofLargeResource("vol/1", 10, 100_000);

    assertThat(shipWith(json, batch))
        .isInstanceOfSatisfying(
            Outcome.TooLarge.class,
            large -> {
              assertThat(large.unconfirmed()).isNull();
              assertThat(large.reason()).contains("or more bytes");
              assertThat(large.limitBytes()).isBetween(1, ProducerProperties.MAX_REQUEST_BYTES);
            });
    json.close(Duration.ZERO);
  }

  @Test
  void noMoreMessagesAreUnderWayThanMemoryHasRoomFor() throws Exception {
    cluster.memoryBytes = 1 << 16;
    int most = KafkaShipper.mostUnderWay(cluster.memoryBytes);
    KafkaShipper raw = shipper("lines", Encoding.RAW, "none");
    int records = 20 * most;
    Batch batch = Batches.ofLargeResource("", 10, records);
    cluster.holding = true;
    Told told = new Told(cluster.patience());
    Thread shipping = Thread.ofPlatform().start(() -> raw.ship(batch, told));
    while (shipping.isAlive() && shipping.getState() != Thread.State.TIMED_WAITING) {
      shipping.join(1);
    }
    cluster.holding = false;

    assertThat(told.await()).isEqualTo(Outcome.ACCEPTED);

    assertThat(cluster.mostUnanswered).isBetween(most / 2, most);
    assertThat(cluster.stored).hasSize(records);
    raw.close(Duration.ZERO);
  }

  @Test
  void whereNoneIsConfirmedTheRestGoesAgain() throws Exception {
    cluster.memoryBytes = 1 << 16;
    KafkaShipper raw =
        cluster.shipper(
            cluster.settings(
                "lines", Encoding.RAW, "none", Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, "50")));
    int records = 1_000;
    int most = KafkaShipper.mostUnderWay(cluster.memoryBytes);
    cluster.holding = true;
    Told told = new Told(cluster.patience());
    raw.ship(Batches.ofLargeResource("", 10, records), told);
    cluster.holding = false;

    assertThat(told.await())
        .isInstanceOfSatisfying(
            Outcome.Retryable.class,
            retry -> {
              assertThat(retry.reason()).contains("max.block.ms");
              BitSet unconfirmed = Objects.requireNonNull(retry.unconfirmed());
              assertThat(unconfirmed.nextSetBit(0)).isEqualTo(most);
              assertThat(unconfirmed.cardinality()).isEqualTo(records - most);
            });
    assertThat(cluster.stored).hasSize(most);
    raw.close(Duration.ZERO);
  }
}

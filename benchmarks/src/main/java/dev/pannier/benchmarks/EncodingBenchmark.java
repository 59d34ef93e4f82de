package dev.pannier.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.shippers.ShipperSettings.Encoding;
import dev.pannier.shippers.ShipperSettings.FieldNames;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.CheckedRequest;
import dev.pannier.shippers.batch.JsonRequest;
import dev.pannier.shippers.batch.LogsWriter;
import dev.pannier.shippers.batch.OtlpJsonReader;
import dev.pannier.shippers.batch.OtlpJsonWriter;
import dev.pannier.shippers.batch.RequestCheck;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.encoding.MessageEncoder;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// The bytes of a batch of about 1 MiB: written, checked, and made into messages. `bytes` is a
/// second's bytes, of OTLP as protobuf except where the name says what else.
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class EncodingBenchmark {
  private static final byte[] LEVEL = "INFO".getBytes(UTF_8);
  private static final byte[] LOGGER = "com.example.shop.CheckoutController".getBytes(UTF_8);
  private static final byte[] BODY =
      "order 4711 accepted for customer 12, total 99.90 EUR, payment by invoice".getBytes(UTF_8);
  private static final byte[] THREAD_NAME = "thread.name".getBytes(UTF_8);
  private static final byte[] THREAD = "http-nio-8080-exec-1".getBytes(UTF_8);
  private static final byte[] USER_ID = "user.id".getBytes(UTF_8);
  private static final byte[] USER = "customer-12".getBytes(UTF_8);
  private static final long TIME = 1_772_366_400_123_000_000L;
  private static final byte[] NO_POSITIONS = {};

  private final byte[] buffer = new byte[1 << 20];
  private final LogsWriter writer = new LogsWriter();
  private final ByteOutput out = new ByteOutput(4 << 20);
  private final OtlpJsonWriter jsonWriter = new OtlpJsonWriter();
  private final MessageEncoder flat =
      new MessageEncoder(Encoding.JSON, FieldNames.LOGSTASH, List.of());
  private byte[] json = new byte[0];
  private Batch batch = Batch.received(Signal.LOGS, NO_POSITIONS, 0, 0, 0, "app");
  private byte[] resource = NO_POSITIONS;

  /// Writes the batch that is read.
  @Setup
  public void prepare() {
    ByteOutput encoded = new ByteOutput(64);
    long attribute = encoded.open(1, 40);
    encoded.field(1, "service.name".getBytes(UTF_8), 0, 12);
    long value = encoded.open(2, 10);
    encoded.field(1, "checkout".getBytes(UTF_8), 0, 8);
    encoded.close(value);
    encoded.close(attribute);
    resource = encoded.toBytes();
    batch = written(new byte[1 << 20]);
    jsonWriter.write(batch, out);
    json = out.toBytes();
  }

  private Batch written(byte[] into) {
    writer.start(into, resource);
    long time = TIME;
    do {
      writer.beginRecord();
      writer.timestamp(time++);
      writer.observedTimestamp(time);
      writer.severity(9, LEVEL, 0, LEVEL.length);
      writer.logger(LOGGER, 0, LOGGER.length);
      writer.body(BODY, 0, BODY.length);
      writer.traceId(1, 2);
      writer.spanId(3);
      writer.attribute(THREAD_NAME, 0, THREAD_NAME.length, THREAD, 0, THREAD.length);
      writer.attribute(USER_ID, 0, USER_ID.length, USER, 0, USER.length);
    } while (writer.endRecord());
    return Objects.requireNonNull(writer.finish("app", "app", NO_POSITIONS));
  }

  @Benchmark
  public Batch writeLogs(Worked worked) {
    Batch written = written(buffer);
    worked.bytes += written.length();
    worked.records += written.records();
    return written;
  }

  @Benchmark
  public CheckedRequest check(Worked worked) {
    worked.bytes += batch.length();
    worked.records += batch.records();
    return RequestCheck.check(
        Signal.LOGS, batch.bytes(), batch.offset(), batch.length(), Integer.MAX_VALUE);
  }

  @Benchmark
  public int flatJson(Worked worked) {
    worked.bytes += batch.length();
    worked.records += batch.records();
    int length = 0;
    flat.start(batch);
    while (flat.next()) {
      length += flat.valueLength();
    }
    return length;
  }

  @Benchmark
  public int writeOtlpJson(Worked worked) {
    worked.bytes += batch.length();
    worked.records += batch.records();
    out.truncate(0);
    jsonWriter.write(batch, out);
    return out.length();
  }

  @Benchmark
  public JsonRequest readOtlpJsonBytes(Worked worked) {
    worked.bytes += json.length;
    worked.records += batch.records();
    return OtlpJsonReader.read(
        Signal.LOGS, json, 0, json.length, json.length + OtlpJsonReader.MARGIN);
  }
}

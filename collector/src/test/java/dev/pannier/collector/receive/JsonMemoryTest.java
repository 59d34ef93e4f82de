package dev.pannier.collector.receive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.ThreadMXBean;
import dev.pannier.collector.buffer.MemoryBudget;
import dev.pannier.collector.http.Headers;
import dev.pannier.collector.http.HttpRequest;
import dev.pannier.shippers.batch.Signal;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a request in JSON takes beside its body is one array for its protobuf, which is reserved: nothing else
/// grows with it. What was never allocated was never held.
class JsonMemoryTest {
  private static final int LENGTH = 1024 * 1024;

  private enum Large {
    TEXT("\"body\":{\"stringValue\":\"" + "x".repeat(LENGTH) + "\"}"),
    ESCAPES("\"body\":{\"stringValue\":\"" + "\\u00fc\\n".repeat(LENGTH / 8) + "\"}"),
    BYTES("\"body\":{\"bytesValue\":\"" + "AAAA".repeat(LENGTH / 4) + "\"}"),
    ID("\"traceId\":\"" + "00".repeat(LENGTH / 2) + "\""),
    NUMBER("\"timeUnixNano\":\"" + "1".repeat(LENGTH) + "\""),
    ENUM("\"severityNumber\":\"" + "S".repeat(LENGTH) + "\""),
    UNKNOWN_TEXT("\"a\":\"" + "x".repeat(LENGTH) + "\""),
    UNKNOWN_NUMBER("\"a\":" + "1".repeat(LENGTH)),
    NAME("\"" + "x".repeat(LENGTH) + "\":1"),
    NAMES(
        IntStream.range(0, LENGTH / 10)
            .mapToObj(i -> "\"" + Integer.toHexString(1 << 24 | i) + "\":1")
            .collect(Collectors.joining(",")));

    private final String json;

    Large(String fields) {
      this.json = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{" + fields + "}]}]}]}";
    }
  }

  @ParameterizedTest
  @EnumSource(Large.class)
  void nothingGrowsWithARequestButWhatIsReserved(Large large) {
    assumeThat(ManagementFactory.getThreadMXBean()).isInstanceOf(ThreadMXBean.class);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    MemoryBudget budget = new MemoryBudget(4 * LENGTH);
    try (RequestReader reader = new RequestReader(budget, 2 * LENGTH, 2 * LENGTH)) {
      HttpRequest request =
          new HttpRequest(
              "POST",
              "/v1/logs",
              Headers.of("content-type", "application/json"),
              InetAddress.getLoopbackAddress());
      byte[] json = large.json.getBytes(UTF_8);
      assertThat(budget.tryReserve(json.length)).isTrue();
      request.body(json, json.length, json.length);

      long before = threads.getCurrentThreadAllocatedBytes();
      Received received = reader.read(request, Form.JSON, Signal.LOGS);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;

      budget.release(received.reservedBytes());
      assertThat(budget.heldBytes()).isZero();
      // The array, what is left where the record is refused, and what loads classes, once.
      assertThat(allocated).isBetween((long) LENGTH, 5L * LENGTH / 2);
    }
  }
}

package dev.pannier.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.resource.v1.Resource;
import java.util.List;
import org.junit.jupiter.api.Test;

class PiecesTest {
  private static final int RECORDS = 1_000;
  private static final int LIMIT = 10_000;

  @Test
  void piecesAreAsSmallAsTheLimitAtOnce() {
    List<Batch> pieces = Pieces.smaller(batch(100), LIMIT);

    assertThat(pieces).hasSizeGreaterThan(2).allMatch(piece -> piece.length() < LIMIT);
    assertThat(pieces.stream().mapToInt(Batch::records).sum()).isEqualTo(RECORDS);
  }

  @Test
  void resourceThatIsAlmostAllOfItIsNotCopiedForEachRecord() {
    Batch batch = batch(20 * LIMIT);

    List<Batch> pieces = Pieces.smaller(batch, LIMIT);

    assertThat(pieces).hasSize(2);
    assertThat(pieces.stream().mapToInt(Batch::records).sum()).isEqualTo(RECORDS);
    // Each attempt divides it further.
    assertThat(Pieces.smaller(pieces.getFirst(), LIMIT)).hasSize(2);
  }

  private static Batch batch(int resourceBytes) {
    ScopeLogs.Builder scope = ScopeLogs.newBuilder();
    for (int i = 0; i < RECORDS; i++) {
      scope.addLogRecords(LogRecord.newBuilder().setBody(text("record number " + i)));
    }
    byte[] bytes =
        ExportLogsServiceRequest.newBuilder()
            .addResourceLogs(
                ResourceLogs.newBuilder()
                    .setResource(
                        Resource.newBuilder()
                            .addAttributes(
                                KeyValue.newBuilder()
                                    .setKey("k")
                                    .setValue(text("x".repeat(resourceBytes)))))
                    .addScopeLogs(scope))
            .build()
            .toByteArray();
    return Batch.received(Signal.LOGS, bytes, 0, bytes.length, RECORDS, "otlp");
  }

  private static AnyValue text(String text) {
    return AnyValue.newBuilder().setStringValue(text).build();
  }
}

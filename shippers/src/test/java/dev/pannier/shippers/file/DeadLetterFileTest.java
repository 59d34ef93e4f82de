package dev.pannier.shippers.file;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.pannier.shippers.Batches;
import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadLetterFileTest {
  @TempDir Path folder;
  private final List<Outcome> told = new ArrayList<>();

  @Test
  void aLineHoldsTheRequestByteForByteWithTheReasonAndTheOrigin() throws IOException {
    Path path = folder.resolve("letters/dead.jsonl");
    Batch batch = Batches.logs("k", "one \"quoted\"\n");
    try (DeadLetterFile file = new DeadLetterFile(new DeadLettersTo.File(path, 1 << 20))) {
      file.put(new DeadLetter(batch, "too old", "events", "otlp_logs"), told::add);
      file.put(new DeadLetter(batch, "too old", "events", ""), told::add);
    }
    assertThat(told).containsExactly(Outcome.ACCEPTED, Outcome.ACCEPTED);
    List<String> lines = Files.readAllLines(path);
    assertThat(lines).hasSize(2);
    Struct.Builder line = Struct.newBuilder();
    JsonFormat.parser().merge(lines.getFirst(), line);
    assertThat(text(line, "reason")).isEqualTo("too old");
    assertThat(text(line, "shipper")).isEqualTo("events");
    assertThat(text(line, "place")).isEqualTo("otlp_logs");
    assertThat(text(line, "source")).isEqualTo(batch.source());
    assertThat(text(line, "signal")).isEqualTo("logs");
    byte[] bytes = Base64.getDecoder().decode(text(line, "otlp_proto"));
    assertThat(ByteString.copyFrom(bytes))
        .isEqualTo(ByteString.copyFrom(batch.bytes(), batch.offset(), batch.length()));
  }

  private static String text(Struct.Builder line, String name) {
    return line.getFieldsOrThrow(name).getStringValue();
  }

  @Test
  void aFileThatIsFullTakesNoMoreUntilItIsMovedAway() throws IOException {
    Path path = folder.resolve("dead.jsonl");
    Batch batch = Batches.logs("k", "x".repeat(500));
    try (DeadLetterFile file = new DeadLetterFile(new DeadLettersTo.File(path, 2_500))) {
      file.put(new DeadLetter(batch, "bad", "events", ""), told::add);
      file.put(new DeadLetter(batch, "bad", "events", ""), told::add);
      assertThat(told.getFirst()).isEqualTo(Outcome.ACCEPTED);
      assertThat(told.getLast())
          .isInstanceOfSatisfying(
              Outcome.Retryable.class,
              retry -> assertThat(retry.reason()).contains("move the file away"));
      Files.move(path, folder.resolve("seen.jsonl"));
      file.put(new DeadLetter(batch, "bad", "events", ""), told::add);
    }
    assertThat(told.getLast()).isEqualTo(Outcome.ACCEPTED);
    assertThat(Files.readAllLines(path)).hasSize(1);
  }

  @Test
  void aFullFileThatIsEmptiedTakesMore() throws IOException {
    Path path = folder.resolve("dead.jsonl");
    Batch batch = Batches.logs("k", "x".repeat(500));
    try (DeadLetterFile file = new DeadLetterFile(new DeadLettersTo.File(path, 2_500))) {
      file.put(new DeadLetter(batch, "bad", "events", ""), told::add);
      file.put(new DeadLetter(batch, "bad", "events", ""), told::add);
      assertThat(told.getLast()).isInstanceOf(Outcome.Retryable.class);
      Files.write(path, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
      file.put(new DeadLetter(batch, "bad", "events", ""), told::add);
    }
    assertThat(told.getLast()).isEqualTo(Outcome.ACCEPTED);
    assertThat(Files.readAllLines(path)).hasSize(1);
  }

  @Test
  void aLetterThatNeverFitsIsTooLarge() throws IOException {
    Path path = folder.resolve("dead.jsonl");
    try (DeadLetterFile file = new DeadLetterFile(new DeadLettersTo.File(path, 1_500))) {
      Batch batch = Batches.logs("k", "x".repeat(2_000));
      file.put(new DeadLetter(batch, "bad", "events", ""), told::add);
      assertThat(told.getLast())
          .isInstanceOfSatisfying(
              Outcome.TooLarge.class, large -> assertThat(large.limitBytes()).isEqualTo(935));
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void aFolderThatCannotBeMadeIsTriedAgain() throws IOException {
    Path inTheWay = Files.writeString(folder.resolve("folder"), "a file");
    Path path = inTheWay.resolve("dead.jsonl");
    try (DeadLetterFile file = new DeadLetterFile(new DeadLettersTo.File(path, 1 << 20))) {
      file.put(new DeadLetter(Batches.logs("k", "1"), "bad", "events", ""), told::add);
      assertThat(told.getLast()).isInstanceOf(Outcome.Retryable.class);
      Files.delete(inTheWay);
      file.put(new DeadLetter(Batches.logs("k", "1"), "bad", "events", ""), told::add);
      assertThat(told.getLast()).isEqualTo(Outcome.ACCEPTED);
    }
  }
}

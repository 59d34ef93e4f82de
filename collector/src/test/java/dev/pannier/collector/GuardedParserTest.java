package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.config.Loaded;
import dev.pannier.parsers.LineParser;
import dev.pannier.parsers.ParseResult;
import dev.pannier.parsers.RecordSink;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuardedParserTest {
  @TempDir Path folder;

  /// Fails on the word "bad", in the given call.
  private record Failing(String call) implements LineParser {
    private void fail(String here, byte[] buffer, int offset, int length) {
      if (call.equals(here)
          && new String(buffer, offset, length, StandardCharsets.UTF_8).contains("bad")) {
        throw new ArrayIndexOutOfBoundsException(-1);
      }
    }

    @Override
    public ParseResult parse(byte[] buffer, int offset, int length, RecordSink sink) {
      sink.beginMap(buffer, offset, 1);
      fail("parse", buffer, offset, length);
      sink.end();
      sink.body(buffer, offset, length);
      return ParseResult.PARSED;
    }

    @Override
    public boolean startsRecord(byte[] buffer, int offset, int length) {
      fail("startsRecord", buffer, offset, length);
      return true;
    }

    @Override
    public boolean continuesException(byte[] buffer, int record, int line, int length) {
      fail("continuesException", buffer, line, length);
      return false;
    }

    @Override
    public boolean endsRecord(byte[] buffer, int offset, int length) {
      fail("endsRecord", buffer, offset, length);
      return true;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "parse", "startsRecord", "continuesException", "endsRecord"})
  void whatAParserThrowsForCostsNoRecord(String call) throws Exception {
    Path yaml =
        Files.writeString(
            folder.resolve("pannier.yaml"), "sources: {files: [{name: a, include: [/x/*.log]}]}");
    Loaded loaded = ConfigurationLoader.load(yaml, Map.of());
    FileSource source = ((Loaded.Valid) loaded).configuration().files().getFirst();
    LineParser parser = new GuardedParser("a", new Failing(call));

    assertThat(
            FileParsersTest.records(
                source, (head, length) -> parser, "good\nbad\nworse, and bad\nfine\n"))
        .extracting(record -> record.getBody().getStringValue())
        .containsExactly("good", "bad", "worse, and bad", "fine");
  }
}

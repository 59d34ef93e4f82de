package dev.pannier.shippers.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLetterBox;
import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// Dead letters in a file, a line of JSON each:
/// ```
/// {"reason":"…","shipper":"events","place":"otlp_logs","source":"app","signal":"logs",
///  "log.record.uid":"…","otlp_proto":"CgoK…"}
/// ```
/// `otlp_proto` is the OTLP request in Base64, byte for byte what was refused: decoded, it can be sent to
/// `/v1/logs` again. A letter is stored when it is on the disk. A file that has reached its size takes no
/// more, since nothing that is in it was shipped elsewhere: it has to be moved away, and is then begun
/// anew.
public final class DeadLetterFile implements DeadLetterBox {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterFile.class);

  private final DeadLettersTo.File settings;
  private final JsonFactory json = new JsonFactory();
  private final SyncedNames names = new SyncedNames();
  private @Nullable LineFile file;

  public DeadLetterFile(DeadLettersTo.File settings) {
    this.settings = settings;
  }

  @Override
  public void put(DeadLetter letter, Consumer<Outcome> outcome) {
    outcome.accept(write(line(letter)));
  }

  private Outcome write(byte[] line) {
    if (line.length > settings.maxBytes()) {
      // Base64 makes four bytes of three, and there is more in the line.
      return new Outcome.TooLarge(
          Math.clamp(settings.maxBytes() / 8 * 5, 1, Integer.MAX_VALUE),
          "a dead letter of " + line.length + " bytes is above max_bytes " + settings.maxBytes(),
          null);
    }
    try {
      LineFile open = file;
      if (open == null || !open.isThere()) {
        close();
        open = LineFile.open(settings.path(), names);
        file = open;
      }
      if (open.size() + line.length > settings.maxBytes()) {
        return new Outcome.Retryable(
            "the dead letters in "
                + settings.path()
                + " have reached max_bytes "
                + settings.maxBytes()
                + ": move the file away",
            0,
            null);
      }
      open.append(line, 0, line.length);
      return Outcome.ACCEPTED;
    } catch (IOException e) {
      return new Outcome.Retryable(
          "dead letters cannot be written to " + settings.path() + ": " + e, 0, null);
    }
  }

  private byte[] line(DeadLetter letter) {
    Batch batch = letter.batch();
    String uid = letter.uid();
    ByteArrayOutputStream line = new ByteArrayOutputStream(batch.length() * 3 / 2 + 512);
    try (JsonGenerator out =
        json.createGenerator(ObjectWriteContext.empty(), line, JsonEncoding.UTF8)) {
      out.writeStartObject();
      out.writeStringProperty("reason", letter.reason());
      out.writeStringProperty("shipper", letter.shipper());
      out.writeStringProperty("place", letter.place());
      out.writeStringProperty("source", batch.source());
      out.writeStringProperty("signal", batch.signal().label());
      if (uid != null) {
        out.writeStringProperty("log.record.uid", uid);
      }
      ByteBuffer bytes = ByteBuffer.wrap(batch.bytes(), batch.offset(), batch.length());
      byte[] base64 = Base64.getEncoder().encode(bytes).array();
      out.writeStringProperty("otlp_proto", new String(base64, ISO_8859_1));
      out.writeEndObject();
    }
    line.write('\n');
    return line.toByteArray();
  }

  @Override
  public void close() {
    LineFile open = file;
    file = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        LOG.warn("the dead letters' file could not be closed: {}", e.toString());
      }
    }
  }
}

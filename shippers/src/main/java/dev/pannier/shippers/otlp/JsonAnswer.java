package dev.pannier.shippers.otlp;

import dev.pannier.shippers.batch.ExportResponse;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// The JSON mapping of OTLP's answers.
final class JsonAnswer {
  private static final JsonFactory JSON = new JsonFactory();

  private JsonAnswer() {}

  /// ```json
  /// {"partialSuccess": {"rejectedLogRecords": "3", "errorMessage": "…"}}
  /// ```
  ///
  /// @param whole whether all of it is there; else what its beginning tells
  /// @throws IllegalArgumentException if it is no JSON object
  static ExportResponse export(byte[] body, boolean whole) {
    long rejected = 0;
    String message = "";
    boolean inside = false;
    boolean begun = false;
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("no object");
      }
      begun = true;
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token == JsonToken.START_OBJECT) {
          inside = "partialSuccess".equals(json.streamReadContext().getParent().currentName());
        } else if (token == JsonToken.END_OBJECT) {
          inside = false;
        } else if (inside && token.isScalarValue()) {
          switch (String.valueOf(json.currentName())) {
            case "rejectedLogRecords", "rejectedSpans", "rejectedDataPoints" ->
                rejected = json.getValueAsLong(0);
            case "errorMessage" -> message = String.valueOf(json.getValueAsString(""));
            default -> {}
          }
        }
      }
    } catch (JacksonException e) {
      if (whole || !begun) {
        throw new IllegalArgumentException(e);
      }
    }
    return whole ? new ExportResponse(rejected, message) : ExportResponse.tooLong(rejected);
  }

  /// `message` of a `google.rpc.Status`, empty if there is none.
  ///
  /// @return null where it is none: without a number as its `code`
  /// @throws IllegalArgumentException if it is no JSON
  static @Nullable String statusMessage(byte[] body) {
    boolean coded = false;
    String message = "";
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      int depth = 1;
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token.isStructStart()) {
          depth++;
        } else if (token.isStructEnd()) {
          depth--;
        } else if (depth == 1 && token == JsonToken.VALUE_NUMBER_INT) {
          coded |= "code".equals(json.currentName());
        } else if (depth == 1
            && token == JsonToken.VALUE_STRING
            && "message".equals(json.currentName())) {
          message = String.valueOf(json.getValueAsString(""));
        }
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e);
    }
    return coded ? message : null;
  }
}

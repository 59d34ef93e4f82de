package dev.pannier.shippers.otlp;

import dev.pannier.shippers.batch.ExportResponse;
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
  /// @throws IllegalArgumentException if it is no JSON object
  static ExportResponse export(byte[] body) {
    long rejected = 0;
    String message = "";
    boolean inside = false;
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("no object");
      }
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
      throw new IllegalArgumentException(e);
    }
    return new ExportResponse(rejected, message);
  }

  /// `message` of a `google.rpc.Status`, empty if there is none.
  ///
  /// @throws IllegalArgumentException if it is no JSON
  static String errorMessage(byte[] body) {
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token == JsonToken.VALUE_STRING && "message".equals(json.currentName())) {
          return String.valueOf(json.getValueAsString(""));
        }
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e);
    }
    return "";
  }
}

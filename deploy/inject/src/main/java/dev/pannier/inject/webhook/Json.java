package dev.pannier.inject.webhook;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/// JSON as trees of the same values that manifests are read to, and back.
final class Json {
  /// A Pod is a dozen levels deep and has a few thousand values; what is left out of a review counts, too.
  static final int MAX_DEPTH = 100;

  /// A tree of as many takes some 5 MiB at most, and its review as much again: the heap is 64 MiB.
  static final long MAX_TOKENS = 50_000;

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxTokenCount(MAX_TOKENS)
                  .build())
          .build();

  /// Of what has more: nothing of it is kept, whatever its size, and no name that it has.
  static final JsonFactory SKIMMING =
      JsonFactory.builder().disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES).build();

  /// Others are texts, as they are written: nothing here reckons with them.
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,18}");

  private Json() {}

  /// The value that begins at the parser's token.
  static @Nullable Object tree(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          map.put(name, tree(parser));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(tree(parser));
        }
        yield list;
      }
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
        String text = parser.getString();
        yield INTEGER.matcher(text).matches() ? (Object) Long.valueOf(text) : text;
      }
      default -> parser.getString();
    };
  }

  /// @param value a map, a list, a text, a whole number or a truth
  static void write(JsonGenerator generator, @Nullable Object value) {
    switch (value) {
      case null -> generator.writeNull();
      case String text -> generator.writeString(text);
      case Boolean truth -> generator.writeBoolean(truth);
      case Number number -> generator.writeNumber(number.longValue());
      case Map<?, ?> map -> {
        generator.writeStartObject();
        map.forEach(
            (key, element) -> {
              generator.writeName(String.valueOf(key));
              write(generator, element);
            });
        generator.writeEndObject();
      }
      case List<?> list -> {
        generator.writeStartArray();
        list.forEach(element -> write(generator, element));
        generator.writeEndArray();
      }
      default -> throw new IllegalArgumentException("is no JSON: " + value.getClass());
    }
  }
}

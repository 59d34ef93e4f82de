package dev.pannier.inject.yaml;

import dev.pannier.inject.pod.WrittenNull;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// Reads the documents of a text of YAML into nodes that know their places. The library's own nodes do not: an alias is the node that it
/// stands for, with that one's place.
final class NodeReader {
  private static final int MAX_DEPTH = 200;

  /// As go-yaml reads it, which is YAML 1.1 and more: bases by their beginnings, an octal one by a zero alone.
  private static final Pattern INTEGER =
      Pattern.compile(
          "([-+]?)(?:0[xX]([0-9A-Fa-f]{1,15})|0[oO]?([0-7]{1,20})|0[bB]([01]{1,60})|([0-9]{1,18}))");

  private final Parser parser;
  private final int offset;
  private final int lines;
  private final Map<String, Node> anchors = new HashMap<>();
  private int depth;

  private NodeReader(Parser parser, int offset, int lines) {
    this.parser = parser;
    this.offset = offset;
    this.lines = lines;
  }

  /// @param text   or a part of it
  /// @param offset where the part begins
  /// @param lines  how many come before it
  /// @throws YamlProblem where it is no YAML
  static List<Node> read(String text, int offset, int lines) {
    // To `kubectl` a last line without an end has one, which the value of a literal text shows.
    boolean isEnded = text.isEmpty() || "\r\n".indexOf(text.charAt(text.length() - 1)) >= 0;
    String read = isEnded ? text : text + '\n';
    try {
      return readOnce(read, offset, lines);
    } catch (YamlProblem e) {
      if (read.indexOf('\t') < 0) {
        throw e;
      }
      SeparatingTabs tabs = new SeparatingTabs(read);
      return readOnce(tabs.asBlanksBut(readOnce(tabs.asBlanks(), 0, lines)), offset, lines);
    }
  }

  private static List<Node> readOnce(String text, int offset, int lines) {
    try {
      return parse(text, offset, lines);
    } catch (MarkedYamlEngineException e) {
      Mark mark = e.getProblemMark().or(e::getContextMark).orElse(null);
      String problem = e.getProblem() == null ? "is no YAML" : e.getProblem();
      throw new YamlProblem(mark == null ? 0 : lines + mark.getLine() + 1, problem);
    } catch (YamlEngineException e) {
      throw new YamlProblem(0, e.getMessage() == null ? "is no YAML" : e.getMessage());
    }
  }

  private static List<Node> parse(String text, int offset, int lines) {
    LoadSettings settings =
        LoadSettings.builder()
            .setCodePointLimit(Integer.MAX_VALUE)
            // All of it at once: the library's reader fails on an emoji between two buffers.
            .setBufferSize(text.length() + 1)
            .build();
    Parser parser = new ParserImpl(settings, new StreamReader(settings, text));
    return new NodeReader(parser, offset, lines).documents();
  }

  private List<Node> documents() {
    List<Node> documents = new ArrayList<>();
    while (parser.hasNext()) {
      Event event = parser.next();
      if (event.getEventId() == Event.ID.DocumentStart) {
        anchors.clear();
        documents.add(node(parser.next()));
      }
    }
    return documents;
  }

  private Node node(Event event) {
    int start = index(event.getStartMark());
    int end = index(event.getEndMark());
    int line = lines + event.getStartMark().map(Mark::getLine).orElse(0) + 1;
    if (event instanceof AliasEvent alias) {
      Node target = anchors.get(alias.getAlias().getValue());
      if (target == null) {
        throw new YamlProblem(line, "nothing has the anchor " + alias.getAlias().getValue());
      }
      return new Node.Alias(start, end, line, target);
    }
    if (++depth > MAX_DEPTH) {
      throw new YamlProblem(line, "nested more than " + MAX_DEPTH + " deep");
    }
    Node node =
        switch (event) {
          case ScalarEvent scalar ->
              new Node.Scalar(
                  start,
                  end,
                  line,
                  value(scalar),
                  !scalar.isPlain(),
                  scalar.isLiteral() || scalar.isFolded());
          case SequenceStartEvent sequence -> sequence(start, line, sequence.isFlow());
          case MappingStartEvent mapping -> mapping(start, line, mapping.isFlow());
          default -> throw new YamlProblem(line, "unexpected " + event.getEventId());
        };
    depth--;
    Optional<Anchor> anchor = ((NodeEvent) event).getAnchor();
    anchor.ifPresent(name -> anchors.put(name.getValue(), node));
    return node;
  }

  private Node sequence(int start, int line, boolean flow) {
    List<Node> items = new ArrayList<>();
    Event event = parser.next();
    while (event.getEventId() != Event.ID.SequenceEnd) {
      items.add(node(event));
      event = parser.next();
    }
    return new Node.Sequence(start, index(event.getEndMark()), line, flow, items);
  }

  private Node mapping(int start, int line, boolean flow) {
    List<Node.Entry> entries = new ArrayList<>();
    Event event = parser.next();
    while (event.getEventId() != Event.ID.MappingEnd) {
      Node key = node(event);
      entries.add(new Node.Entry(key, node(parser.next())));
      event = parser.next();
    }
    return new Node.Mapping(start, index(event.getEndMark()), line, flow, entries);
  }

  /// As `kubectl` reads it, as far as that matters here: what is neither truth, whole number nor nothing is a text.
  private static @Nullable Object value(ScalarEvent scalar) {
    String text = scalar.getValue();
    boolean isText = scalar.getTag().map(tag -> tag.endsWith(":str")).orElse(false);
    if (!scalar.isPlain() || isText) {
      return text;
    }
    return switch (text) {
      case "" -> null;
      case "~", "null", "Null", "NULL" -> new WrittenNull(text);
      case "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON" -> true;
      case "false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF" -> false;
      default -> number(text);
    };
  }

  /// A `Long`, or the text where it is none.
  private static Object number(String text) {
    if (text.startsWith("_")) {
      return text;
    }
    Matcher integer = INTEGER.matcher(text.replace("_", ""));
    if (!integer.matches()) {
      return text;
    }
    int[] radixes = {16, 8, 2, 10};
    for (int i = 0; i < radixes.length; i++) {
      String digits = integer.group(i + 2);
      if (digits != null) {
        return Long.valueOf(integer.group(1) + digits, radixes[i]);
      }
    }
    return text;
  }

  private int index(Optional<Mark> mark) {
    return offset + mark.map(Mark::getIndex).orElse(0);
  }
}

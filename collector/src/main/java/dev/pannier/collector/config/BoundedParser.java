package dev.pannier.collector.config;

import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.ParserException;
import org.snakeyaml.engine.v2.parser.Parser;

/// A YAML parser that gives no more than a configuration has: the tree is made of its events by recursion,
/// with some hundred bytes a node, in a process that has no heap to spare.
final class BoundedParser implements Parser {
  /// `shippers.NAME.tls.…`, and the lists in it, are a third as deep.
  static final int MAX_DEPTH = 32;

  static final int MAX_NODES = 20_000;

  private final Parser parser;
  private int depth;
  private int nodes;

  BoundedParser(Parser parser) {
    this.parser = parser;
  }

  @Override
  public boolean hasNext() {
    return parser.hasNext();
  }

  @Override
  public boolean checkEvent(Event.ID choice) {
    return parser.checkEvent(choice);
  }

  @Override
  public Event peekEvent() {
    return parser.peekEvent();
  }

  @Override
  public Event next() {
    Event event = parser.next();
    switch (event.getEventId()) {
      case SequenceStart, MappingStart -> {
        depth++;
        nodes++;
      }
      case SequenceEnd, MappingEnd -> depth--;
      case Scalar, Alias -> nodes++;
      default -> {
        return event;
      }
    }
    if (depth > MAX_DEPTH) {
      throw new ParserException("nested more than " + MAX_DEPTH + " deep", event.getStartMark());
    }
    if (nodes > MAX_NODES) {
      throw new ParserException("more than " + MAX_NODES + " values", event.getStartMark());
    }
    return event;
  }
}

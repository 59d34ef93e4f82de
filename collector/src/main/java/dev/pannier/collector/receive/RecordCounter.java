package dev.pannier.collector.receive;

import dev.pannier.shippers.batch.Signal;

/// Counts the records of a request, and so finds out whether it is one.
final class RecordCounter {
  private final byte[] bytes;
  private final int recordLevel;
  private int records;

  private RecordCounter(byte[] bytes, int recordLevel) {
    this.bytes = bytes;
    this.recordLevel = recordLevel;
  }

  /// @return the records; -1 where the bytes are no request
  static int count(Signal signal, byte[] bytes, int offset, int length) {
    RecordCounter counter = new RecordCounter(bytes, signal == Signal.METRICS ? 4 : 2);
    return counter.walk(offset, offset + length, 0) ? counter.records : -1;
  }

  private boolean walk(int start, int end, int level) {
    int at = start;
    while (at < end) {
      long tag = 0;
      int shift = 0;
      do {
        if (at == end || shift > 28) {
          return false;
        }
        tag |= (bytes[at] & 0x7fL) << shift;
        shift += 7;
      } while (bytes[at++] < 0);
      int number = (int) tag >>> 3;
      long length;
      switch ((int) tag & 7) {
        case 0, 2 -> {
          length = 0;
          shift = 0;
          do {
            if (at == end || shift > 63) {
              return false;
            }
            length |= (bytes[at] & 0x7fL) << shift;
            shift += 7;
          } while (bytes[at++] < 0);
          if ((tag & 7) == 0) {
            continue;
          }
        }
        case 1 -> length = 8;
        case 5 -> length = 4;
        default -> {
          return false;
        }
      }
      if (length < 0 || length > end - at) {
        return false;
      }
      if ((tag & 7) == 2 && leadsToRecords(number, level)) {
        if (level == recordLevel) {
          records++;
        } else if (!walk(at, at + (int) length, level + 1)) {
          return false;
        }
      }
      at += (int) length;
    }
    return true;
  }

  private static boolean leadsToRecords(int number, int level) {
    return switch (level) {
      case 0, 4 -> number == 1;
      case 1, 2 -> number == 2;
      default -> number == 5 || number == 7 || (number >= 9 && number <= 11);
    };
  }
}

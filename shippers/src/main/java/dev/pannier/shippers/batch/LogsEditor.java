package dev.pannier.shippers.batch;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Rewrites batches of log records. Records that do not change are copied byte for byte, and a
/// batch in which none changes is not copied at all.
///
/// ```
/// ScopeLogs   1 scope { 1 name }, 2 log_records
/// LogRecord   2 severity_number, 5 body (AnyValue), 6 attributes (KeyValue)
/// ```
public final class LogsEditor {
  /// Says what to do with each record.
  @FunctionalInterface
  public interface Chooser {
    /// @param severity    OTLP's `SeverityNumber`, 0 where unknown
    /// @param bytes       the request
    /// @param loggerStart with `loggerEnd` where the logger's name lies in `bytes`: the
    ///     `InstrumentationScope`'s
    /// @return null to leave the record as it is
    @Nullable RecordEdit edit(int severity, byte[] bytes, int loggerStart, int loggerEnd);
  }

  private final byte[] bytes;
  private final Chooser chooser;
  private int kept;
  private @Nullable ValueEditor values;

  private LogsEditor(byte[] bytes, Chooser chooser) {
    this.bytes = bytes;
    this.chooser = chooser;
  }

  /// @param batch of log records
  /// @return the same object where no record changes, null where all records go
  /// @throws IllegalArgumentException if the batch is no OTLP logs request
  public static @Nullable Batch edit(Batch batch, Chooser chooser) {
    LogsEditor editor = new LogsEditor(batch.bytes(), chooser);
    int end = batch.offset() + batch.length();
    if (!editor.changes(batch.offset(), end, 0, 0, 0)) {
      return batch;
    }
    Output out = new Output(batch.length() + batch.length() / 8);
    editor.copy(batch.offset(), end, 0, 0, 0, out);
    return editor.kept == 0 ? null : batch.with(out.bytes(), 0, out.size(), editor.kept);
  }

  /// @param level 0 for the request, 1 for `ResourceLogs`, 2 for `ScopeLogs`
  private boolean changes(int start, int end, int level, int loggerStart, int loggerEnd) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (leadsToRecords(fields, level)) {
        int from = fields.valueStart();
        int to = fields.end();
        boolean changes;
        if (level < 2) {
          long logger = level == 1 ? logger(from, to) : 0;
          changes = changes(from, to, level + 1, (int) (logger >>> 32), (int) logger);
        } else {
          RecordEdit edit = chooser.edit(severity(from, to), bytes, loggerStart, loggerEnd);
          changes = edit != null && changes(edit, from, to);
        }
        if (changes) {
          return true;
        }
      }
    }
    return false;
  }

  private void copy(int start, int end, int level, int loggerStart, int loggerEnd, Output out) {
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      int from = fields.valueStart();
      int to = fields.end();
      if (!leadsToRecords(fields, level)) {
        out.copy(bytes, fields.start(), to);
      } else if (level < 2) {
        int before = out.size();
        int keptBefore = kept;
        int content = out.begin(fields.tag(), to - from);
        long logger = level == 1 ? logger(from, to) : 0;
        copy(from, to, level + 1, (int) (logger >>> 32), (int) logger, out);
        out.end(content, to - from);
        if (kept == keptBefore) {
          out.truncate(before);
        }
      } else {
        RecordEdit edit = chooser.edit(severity(from, to), bytes, loggerStart, loggerEnd);
        if (edit == null || !changes(edit, from, to)) {
          out.copy(bytes, fields.start(), to);
          kept++;
        } else if (!edit.drop()) {
          int content = out.begin(fields.tag(), to - from);
          copyRecord(edit, from, to, out);
          out.end(content, to - from);
          kept++;
        }
      }
    }
  }

  private boolean changes(RecordEdit edit, int start, int end) {
    if (edit.drop() || edit.add().length > 0) {
      return true;
    }
    ValueEditor editor = values(edit.strings());
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      int from = fields.valueStart();
      int to = fields.end();
      if (fields.is(5, Fields.LENGTH)) {
        if (editor != null && editor.changesValue(bytes, from, to)) {
          return true;
        }
      } else if (fields.is(6, Fields.LENGTH)) {
        if (removes(edit, from, to)
            || (editor != null && editor.changesKeyValue(bytes, from, to))) {
          return true;
        }
      }
    }
    return false;
  }

  private void copyRecord(RecordEdit edit, int start, int end, Output out) {
    ValueEditor editor = values(edit.strings());
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      int from = fields.valueStart();
      int to = fields.end();
      boolean attribute = fields.is(6, Fields.LENGTH);
      if (attribute && removes(edit, from, to)) {
        continue;
      }
      if (editor != null && (attribute || fields.is(5, Fields.LENGTH))) {
        int content = out.begin(fields.tag(), to - from);
        if (attribute) {
          editor.copyKeyValue(bytes, from, to, out);
        } else {
          editor.copyValue(bytes, from, to, out);
        }
        out.end(content, to - from);
      } else {
        out.copy(bytes, fields.start(), to);
      }
    }
    out.copy(edit.add(), 0, edit.add().length);
  }

  /// Records in a row mostly have the same edit.
  private @Nullable ValueEditor values(@Nullable StringEdit strings) {
    if (strings == null) {
      return null;
    }
    if (values == null || values.edit() != strings) {
      values = new ValueEditor(strings);
    }
    return values;
  }

  private boolean removes(RecordEdit edit, int start, int end) {
    if (edit.remove().isEmpty()) {
      return false;
    }
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (fields.is(1, Fields.LENGTH)) {
        for (byte[] key : edit.remove()) {
          if (Arrays.equals(bytes, fields.valueStart(), fields.end(), key, 0, key.length)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private int severity(int start, int end) {
    int severity = 0;
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (fields.is(2, Fields.VARINT)) {
        severity = (int) fields.varintValue();
      }
    }
    return severity;
  }

  /// @return where the scope's name begins in the upper half and where it ends in the lower
  private long logger(int start, int end) {
    long logger = 0;
    Fields fields = new Fields(bytes, start, end);
    while (fields.next()) {
      if (fields.is(1, Fields.LENGTH)) {
        Fields scope = new Fields(bytes, fields.valueStart(), fields.end());
        while (scope.next()) {
          if (scope.is(1, Fields.LENGTH)) {
            logger = (long) scope.valueStart() << 32 | scope.end();
          }
        }
      }
    }
    return logger;
  }

  private static boolean leadsToRecords(Fields fields, int level) {
    return fields.is(level == 0 ? 1 : 2, Fields.LENGTH);
  }
}

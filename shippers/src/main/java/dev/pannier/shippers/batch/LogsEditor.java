package dev.pannier.shippers.batch;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Rewrites batches of log records. Records that do not change are copied byte for byte, and a
/// batch in which nothing changes is not copied at all.
///
/// ```
/// request 1 ResourceLogs { 1 resource { 1 attributes } } ▸ 2 ScopeLogs { 1 scope { 1 name, 3 attributes } } ▸ 2 LogRecord
/// LogRecord   2 severity_number, 5 body (AnyValue), 6 attributes (KeyValue)
/// ```
public final class LogsEditor {
  private static final int SCOPE_LOGS = 2;

  /// The field of a resource, and of a scope, that holds their attributes.
  private static final int RESOURCE_ATTRIBUTES = 1;

  private static final int SCOPE_ATTRIBUTES = 3;

  /// Says what to do with each record.
  @FunctionalInterface
  public interface Chooser {
    /// @param severity    OTLP's `SeverityNumber`, 0 where unknown
    /// @param bytes       the request
    /// @param loggerStart with `loggerEnd` where the logger's name lies in `bytes`: the
    ///     `InstrumentationScope`'s
    /// @return null to leave the record as it is
    @Nullable RecordEdit edit(int severity, byte[] bytes, int loggerStart, int loggerEnd);

    /// What changes the attributes of resources and scopes, which all records below them have.
    ///
    /// @return null to leave them as they are
    default @Nullable StringEdit shared() {
      return null;
    }
  }

  private final byte[] bytes;
  private final Chooser chooser;
  private final FieldReader[] levels = {new FieldReader(), new FieldReader(), new FieldReader()};
  private final FieldReader recordFields = new FieldReader();
  private final FieldReader innerFields = new FieldReader();
  private int kept;
  private @Nullable ValueEditor values;
  private final @Nullable StringEdit shared;

  // Of the `ScopeLogs` that is being read.
  private int loggerStart;
  private int loggerEnd;

  private LogsEditor(byte[] bytes, Chooser chooser) {
    this.bytes = bytes;
    this.chooser = chooser;
    this.shared = chooser.shared();
  }

  /// As [#edit(Batch, Chooser, int, int)], whatever it becomes.
  public static @Nullable Batch edit(Batch batch, Chooser chooser) {
    return edit(batch, chooser, 0, Integer.MAX_VALUE);
  }

  /// @param batch      of log records
  /// @param likelyMore bytes that its records are likely to grow by, if that is known: else more than an eighth is copied
  /// @param mostBytes  that it may become
  /// @return the same object where no record changes, null where all records go
  /// @throws IllegalArgumentException if the batch is no OTLP logs request
  /// @throws OutputFullException      if it would become more than `mostBytes`
  public static @Nullable Batch edit(Batch batch, Chooser chooser, int likelyMore, int mostBytes) {
    LogsEditor editor = new LogsEditor(batch.bytes(), chooser);
    int end = batch.offset() + batch.length();
    if (!editor.changes(batch.offset(), end, 0)) {
      return batch;
    }
    int likelyBytes = batch.length() + Math.max(likelyMore, batch.length() / 8);
    ByteOutput out = new ByteOutput(Math.min(mostBytes, likelyBytes));
    out.limit(mostBytes);
    editor.copy(batch.offset(), end, 0, out);
    return editor.kept == 0 ? null : batch.with(out.bytes(), 0, out.length(), editor.kept);
  }

  /// @param level 0 for the request, 1 for `ResourceLogs`, 2 for `ScopeLogs`
  private boolean changes(int start, int end, int level) {
    if (level == SCOPE_LOGS) {
      findLogger(start, end);
    }
    FieldReader fields = levels[level].over(bytes, start, end);
    while (fields.next()) {
      if (leadsToRecords(fields, level)) {
        boolean changes =
            level < SCOPE_LOGS
                ? changes(fields.start(), fields.end(), level + 1)
                : changes(choose(fields.start(), fields.end()), fields.start(), fields.end());
        if (changes) {
          return true;
        }
      } else if (shared != null
          && isShared(fields, level)
          && changesShared(values(shared), fields.start(), fields.end(), level)) {
        return true;
      }
    }
    fields.requireWhole();
    return false;
  }

  private boolean changesShared(ValueEditor editor, int start, int end, int level) {
    FieldReader fields = recordFields.over(bytes, start, end);
    while (fields.next()) {
      if (isSharedAttribute(fields, level)
          && editor.changesKeyValue(bytes, fields.start(), fields.end())) {
        return true;
      }
    }
    fields.requireWhole();
    return false;
  }

  private void copyShared(ValueEditor editor, FieldReader holder, int level, ByteOutput out) {
    long opened = out.open(holder.number(), holder.end() - holder.start());
    FieldReader fields = recordFields.over(bytes, holder.start(), holder.end());
    while (fields.next()) {
      if (isSharedAttribute(fields, level)) {
        long attribute = out.open(fields.number(), fields.end() - fields.start());
        editor.copyKeyValue(bytes, fields.start(), fields.end(), out);
        out.close(attribute);
      } else {
        copyField(fields, out);
      }
    }
    fields.requireWhole();
    out.close(opened);
  }

  private void copy(int start, int end, int level, ByteOutput out) {
    if (level == SCOPE_LOGS) {
      findLogger(start, end);
    }
    FieldReader fields = levels[level].over(bytes, start, end);
    while (fields.next()) {
      if (!leadsToRecords(fields, level)) {
        if (shared != null && isShared(fields, level)) {
          copyShared(values(shared), fields, level, out);
        } else {
          copyField(fields, out);
        }
      } else if (level == SCOPE_LOGS) {
        copyRecord(fields, out);
      } else {
        int before = out.length();
        int keptBefore = kept;
        long opened = out.open(fields.number(), fields.end() - fields.start());
        copy(fields.start(), fields.end(), level + 1, out);
        out.close(opened);
        if (kept == keptBefore) {
          out.truncate(before);
        }
      }
    }
    fields.requireWhole();
  }

  private void copyRecord(FieldReader record, ByteOutput out) {
    RecordEdit edit = choose(record.start(), record.end());
    if (edit == null || !changes(edit, record.start(), record.end())) {
      copyField(record, out);
      kept++;
    } else if (!edit.drop()) {
      long opened = out.open(record.number(), record.end() - record.start());
      copyEdited(edit, record.start(), record.end(), out);
      out.close(opened);
      kept++;
    }
  }

  private void copyField(FieldReader fields, ByteOutput out) {
    out.write(bytes, fields.fieldStart(), fields.end() - fields.fieldStart());
  }

  private boolean changes(@Nullable RecordEdit edit, int start, int end) {
    if (edit == null) {
      return false;
    }
    if (edit.drop() || edit.add().length > 0) {
      return true;
    }
    StringEdit strings = edit.strings();
    ValueEditor editor = strings == null ? null : values(strings);
    FieldReader fields = recordFields.over(bytes, start, end);
    while (fields.next()) {
      boolean changes =
          isAttribute(fields)
              ? removes(edit, fields)
                  || (editor != null && editor.changesKeyValue(bytes, fields.start(), fields.end()))
              : isBody(fields)
                  && editor != null
                  && editor.changesValue(bytes, fields.start(), fields.end());
      if (changes) {
        return true;
      }
    }
    fields.requireWhole();
    return false;
  }

  private void copyEdited(RecordEdit edit, int start, int end, ByteOutput out) {
    StringEdit strings = edit.strings();
    ValueEditor editor = strings == null ? null : values(strings);
    FieldReader fields = recordFields.over(bytes, start, end);
    while (fields.next()) {
      boolean attribute = isAttribute(fields);
      if (attribute && removes(edit, fields)) {
        continue;
      }
      if (editor == null || !(attribute || isBody(fields))) {
        copyField(fields, out);
        continue;
      }
      long opened = out.open(fields.number(), fields.end() - fields.start());
      if (attribute) {
        editor.copyKeyValue(bytes, fields.start(), fields.end(), out);
      } else {
        editor.copyValue(bytes, fields.start(), fields.end(), out);
      }
      out.close(opened);
    }
    fields.requireWhole();
    out.write(edit.add());
  }

  /// One for all, since it knows what it was asked already.
  private ValueEditor values(StringEdit strings) {
    ValueEditor editor = values;
    if (editor == null) {
      editor = new ValueEditor(strings);
      values = editor;
    }
    editor.edit(strings);
    return editor;
  }

  private boolean removes(RecordEdit edit, FieldReader attribute) {
    if (edit.remove().isEmpty()) {
      return false;
    }
    FieldReader fields = innerFields.over(bytes, attribute.start(), attribute.end());
    while (fields.next()) {
      if (fields.isBytes(1)) {
        for (byte[] key : edit.remove()) {
          if (Arrays.equals(bytes, fields.start(), fields.end(), key, 0, key.length)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private @Nullable RecordEdit choose(int start, int end) {
    long severity = 0;
    FieldReader fields = recordFields.over(bytes, start, end);
    while (fields.next()) {
      if (fields.isVarint(2)) {
        severity = fields.value();
      }
    }
    fields.requireWhole();
    return chooser.edit((int) severity, bytes, loggerStart, loggerEnd);
  }

  /// The scope may follow its records.
  private void findLogger(int start, int end) {
    loggerStart = start;
    loggerEnd = start;
    FieldReader fields = recordFields.over(bytes, start, end);
    while (fields.next()) {
      if (fields.isBytes(1)) {
        FieldReader scope = innerFields.over(bytes, fields.start(), fields.end());
        while (scope.next()) {
          if (scope.isBytes(1)) {
            loggerStart = scope.start();
            loggerEnd = scope.end();
          }
        }
      }
    }
  }

  private static boolean leadsToRecords(FieldReader fields, int level) {
    return fields.isBytes(level == 0 ? 1 : 2);
  }

  /// Whether it is the resource, or the scope, of what is read.
  private static boolean isShared(FieldReader fields, int level) {
    return level > 0 && fields.isBytes(1);
  }

  private static boolean isSharedAttribute(FieldReader fields, int level) {
    return fields.isBytes(level == SCOPE_LOGS ? SCOPE_ATTRIBUTES : RESOURCE_ATTRIBUTES);
  }

  private static boolean isBody(FieldReader fields) {
    return fields.isBytes(5);
  }

  private static boolean isAttribute(FieldReader fields) {
    return fields.isBytes(6);
  }
}

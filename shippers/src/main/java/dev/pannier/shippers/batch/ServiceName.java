package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The `service.name` of a whole batch, without a look at its records. Reused.
///
/// ```
/// request  1 resource_logs, resource_spans, resource_metrics ▸ 1 resource ▸ 1 attributes
/// ```
public final class ServiceName {
  private static final byte[] KEY = "service.name".getBytes(US_ASCII);
  private static final int FIRST = 1;

  private final FieldReader request = new FieldReader();
  private final FieldReader group = new FieldReader();
  private final Attributes attributes = new Attributes();
  private final AnyValue value = new AnyValue();

  /// @return null where no resource has one, and where they have different ones
  public byte @Nullable [] of(Batch batch) {
    byte[] bytes = batch.bytes();
    byte[] name = null;
    request.over(bytes, batch.offset(), batch.offset() + batch.length());
    while (request.next()) {
      if (!isFirst(request)) {
        continue;
      }
      if (!find(bytes)) {
        return null;
      }
      if (name == null) {
        name = Arrays.copyOfRange(bytes, value.start(), value.end());
      } else if (!Arrays.equals(bytes, value.start(), value.end(), name, 0, name.length)) {
        return null;
      }
    }
    return name;
  }

  private boolean find(byte[] bytes) {
    group.over(bytes, request.start(), request.end());
    while (group.next()) {
      if (isFirst(group)) {
        attributes.over(bytes, group.start(), group.end(), FIRST);
        int found = attributes.find(KEY);
        return found >= 0
            && value.over(bytes, attributes.valueStart(found), attributes.valueEnd(found)).kind()
                == AnyValue.STRING;
      }
    }
    return false;
  }

  private static boolean isFirst(FieldReader fields) {
    return fields.number() == FIRST && fields.wireType() == FieldReader.BYTES;
  }
}

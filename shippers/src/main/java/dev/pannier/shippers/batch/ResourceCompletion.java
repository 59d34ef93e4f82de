package dev.pannier.shippers.batch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Gives the resources of a request the attributes that they lack. What a resource says itself stays; scopes and records keep
/// their bytes, whatever these are. Immutable, so thread-safe.
///
/// ```
/// request  1 resource_logs, resource_spans, resource_metrics ▸ 1 resource ▸ 1 attributes
/// ```
public final class ResourceCompletion {
  /// What a request may grow by, in bytes: thousands of resources. A group of a request takes two bytes at least, so that one
  /// of a few MiB could else become hundreds.
  public static final int MAX_MORE = 1 << 20;

  private static final int FIRST = 1;

  /// A tag and two lengths that become longer.
  private static final int HEADS = 16;

  private final List<Addition> additions = new ArrayList<>();

  /// @param field the `KeyValue`, tag included
  private record Addition(byte[] key, byte[] field) {}

  /// @param attributes may be empty: then nothing changes
  public ResourceCompletion(Map<String, String> attributes) {
    attributes.forEach(
        (key, value) ->
            additions.add(
                new Addition(key.getBytes(UTF_8), AttributesEncoder.resource(Map.of(key, value)))));
  }

  /// @return the same object where no resource lacks anything; null where the request would grow by more
  ///     than [#MAX_MORE]; else a copy
  /// @throws IllegalArgumentException if the batch is no OTLP request
  public @Nullable Batch complete(Batch batch) {
    if (additions.isEmpty()) {
      return batch;
    }
    Walk walk = new Walk(batch.bytes());
    int start = batch.offset();
    int end = start + batch.length();
    long more = walk.missing(start, end);
    if (more == 0) {
      return batch;
    }
    if (more > MAX_MORE) {
      return null;
    }
    ByteOutput out = new ByteOutput(batch.length() + (int) more);
    walk.copy(start, end, out);
    return batch.with(out.bytes(), 0, out.length(), batch.records());
  }

  private final class Walk {
    private final byte[] bytes;
    private final FieldReader request = new FieldReader();
    private final FieldReader group = new FieldReader();
    private final FieldReader resource = new FieldReader();
    private final Attributes attribute = new Attributes();

    /// Of the resource that was read last, whether it has the attribute of each addition: of a resource's own, there may be as many as a
    /// request has bytes.
    private final boolean[] has = new boolean[additions.size()];

    /// The length of that resource, of all its pieces.
    private int resourceBytes;

    Walk(byte[] bytes) {
      this.bytes = bytes;
    }

    /// @return the bytes that all groups lack, with what lengths may take more; more than [#MAX_MORE] where
    ///     that is passed, whatever follows
    long missing(int start, int end) {
      long more = 0;
      request.over(bytes, start, end);
      while (more <= MAX_MORE && request.next()) {
        if (request.isBytes(FIRST)) {
          readAttributes();
          int lacking = lacking();
          more += lacking == 0 ? 0 : lacking + HEADS;
        }
      }
      request.requireWhole();
      return more;
    }

    void copy(int start, int end, ByteOutput out) {
      request.over(bytes, start, end);
      while (request.next()) {
        int lacking = 0;
        if (request.isBytes(FIRST)) {
          readAttributes();
          lacking = lacking();
        }
        if (lacking == 0) {
          out.write(bytes, request.fieldStart(), request.end() - request.fieldStart());
        } else {
          copyGroup(lacking, out);
        }
      }
    }

    /// Of a resource that comes in several pieces protobuf makes one.
    private void readAttributes() {
      Arrays.fill(has, false);
      resourceBytes = 0;
      group.over(bytes, request.start(), request.end());
      while (group.next()) {
        if (group.isBytes(FIRST)) {
          resourceBytes += group.end() - group.start();
          resource.over(bytes, group.start(), group.end());
          while (resource.next()) {
            if (resource.isBytes(FIRST)) {
              note(resource.start(), resource.end());
            }
          }
          resource.requireWhole();
        }
      }
      group.requireWhole();
    }

    private void note(int start, int end) {
      attribute.clear(bytes);
      attribute.add(start, end);
      for (int i = 0; i < has.length; i++) {
        has[i] |= attribute.keyIs(0, additions.get(i).key());
      }
    }

    private int lacking() {
      int sum = 0;
      for (int i = 0; i < has.length; i++) {
        sum += has[i] ? 0 : additions.get(i).field().length;
      }
      return sum;
    }

    /// Its resource is one afterwards, before all else: of one in pieces not all readers take the same.
    private void copyGroup(int lacking, ByteOutput out) {
      long opened = out.open(FIRST, request.end() - request.start() + lacking);
      writeResource(lacking, out);
      group.over(bytes, request.start(), request.end());
      while (group.next()) {
        if (!group.isBytes(FIRST)) {
          out.write(bytes, group.fieldStart(), group.end() - group.fieldStart());
        }
      }
      out.close(opened);
    }

    private void writeResource(int lacking, ByteOutput out) {
      long opened = out.open(FIRST, resourceBytes + lacking);
      group.over(bytes, request.start(), request.end());
      while (group.next()) {
        if (group.isBytes(FIRST)) {
          out.write(bytes, group.start(), group.end() - group.start());
        }
      }
      for (int i = 0; i < has.length; i++) {
        if (!has[i]) {
          out.write(additions.get(i).field());
        }
      }
      out.close(opened);
    }
  }
}

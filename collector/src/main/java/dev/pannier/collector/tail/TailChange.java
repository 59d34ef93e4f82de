package dev.pannier.collector.tail;

import java.util.List;

/// Other sources for a tail that runs, made ready: nothing of it can fail any more.
public final class TailChange {
  final List<TailSource> sources;
  final byte[] resource;
  final boolean keepsRaw;

  TailChange(List<TailSource> sources, byte[] resource, boolean keepsRaw) {
    this.sources = List.copyOf(sources);
    this.resource = resource.clone();
    this.keepsRaw = keepsRaw;
  }

  /// The same, with the lines' original bytes where a shipper needs them for a while longer.
  public TailChange keepingRaw(boolean forOthers) {
    return new TailChange(sources, resource, keepsRaw || forOthers);
  }
}

package dev.pannier.collector.buffer;

import java.util.List;

/// Tells what it is told: that the bytes are `free`, and that the batch is `delivered`.
public record TellingAcknowledgement(List<String> told) implements Acknowledgement {
  @Override
  public void bytesFree() {
    told.add("free");
  }

  @Override
  public void delivered(long rejected, String reason) {
    told.add("delivered");
  }
}

package dev.pannier.collector.buffer.disk;

import java.io.IOException;
import java.nio.file.Path;

/// What a later pannier has written: that one ships it, and this one leaves it as it is.
public final class LaterVersion extends IOException {
  private static final long serialVersionUID = 1;

  LaterVersion(int version, int known) {
    super("version " + version + ", this pannier reads 1 to " + known);
  }

  /// @return why a start fails, for people
  public IOException of(Path file) {
    return new IOException(
        file + " is of a later pannier (" + getMessage() + "): run that one, or move the file away",
        this);
  }
}

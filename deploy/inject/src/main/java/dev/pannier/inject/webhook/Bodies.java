package dev.pannier.inject.webhook;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/// Requests' bodies, each and all of them bounded. Memory is taken as bytes arrive, so that clients that are slow, or only announce
/// much, have little of it.
final class Bodies {
  /// How many bytes count as one.
  private static final int PIECE = 16 * 1024;

  /// How much more of a body that is too large is read, so that its client sees the answer.
  private static final int SKIPPED_TIMES = 4;

  private final int maxBytes;
  private final Semaphore pieces;

  /// @param maxBytes    of one body
  /// @param maxAllBytes of all that are being read or answered
  Bodies(int maxBytes, int maxAllBytes) {
    this.maxBytes = maxBytes;
    this.pieces = new Semaphore(maxAllBytes / PIECE);
  }

  /// @param answer of the whole body; its bytes count until this has returned
  /// @return 413 for one that is too large, 503 where all are
  Answer read(InputStream in, Function<byte[], Answer> answer) throws IOException {
    int held = 0;
    try {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      byte[] piece = new byte[PIECE];
      for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
        if (body.size() + read > maxBytes) {
          skip(in, piece);
          return Answer.text(413, "the body has more than " + maxBytes + " bytes");
        }
        while ((long) held * PIECE < body.size() + read) {
          if (!pieces.tryAcquire()) {
            skip(in, piece);
            return Answer.text(503, "too many requests at once");
          }
          held++;
        }
        body.write(piece, 0, read);
      }
      return answer.apply(body.toByteArray());
    } finally {
      pieces.release(held);
    }
  }

  private void skip(InputStream in, byte[] piece) throws IOException {
    long left = (long) SKIPPED_TIMES * maxBytes;
    for (int read = 0; read >= 0 && left > 0; left -= read) {
      read = in.read(piece);
    }
  }
}

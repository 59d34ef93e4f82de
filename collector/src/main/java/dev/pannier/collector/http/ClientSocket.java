package dev.pannier.collector.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves bytes between one socket and its [Connection], and closes it in the order that lets the
/// client read the last answer: output first, then what the client still sends is read over for a
/// second, since a socket that is closed with unread input resets the connection.
final class ClientSocket {
  private static final Logger LOG = LoggerFactory.getLogger(ClientSocket.class);
  private static final long LINGER_NANOS = 1_000_000_000L;

  final Endpoint endpoint;
  final Connection connection;

  /// It is told to go and does not count among its endpoint's connections.
  boolean surplus;

  private final SelectionKey key;
  private final SocketChannel channel;
  private final ByteBuffer readBuffer;

  private final Pace pace = new Pace();
  private boolean inputEnded;
  private boolean lingering;
  private long lingerUntilNanos;
  private boolean closed;

  /// @param readBuffer shared by all sockets of the thread
  ClientSocket(SelectionKey key, ByteBuffer readBuffer, Connection connection, boolean surplus) {
    this.key = key;
    this.channel = (SocketChannel) key.channel();
    this.readBuffer = readBuffer;
    this.connection = connection;
    this.endpoint = connection.endpoint;
    this.surplus = surplus;
  }

  /// The selector says that there is something to read or room to write.
  void ready(long nowNanos) {
    try {
      if (key.isReadable()) {
        read(nowNanos);
      }
      flush(nowNanos);
    } catch (RuntimeException e) {
      closeAfterFault(e);
    }
  }

  /// Sends what an exchange of the connection was answered with.
  void answer(Exchange exchange, long nowNanos) {
    try {
      connection.answer(exchange, nowNanos);
      flush(nowNanos);
    } catch (RuntimeException e) {
      closeAfterFault(e);
    }
  }

  private void read(long nowNanos) {
    int wanted = lingering ? readBuffer.capacity() : connection.wantedBytes();
    if (wanted == 0) {
      return;
    }
    readBuffer.clear().limit(Math.min(wanted, readBuffer.capacity()));
    int count;
    try {
      count = channel.read(readBuffer);
    } catch (IOException e) {
      close(); // reset by the client
      return;
    }
    if (count < 0) {
      inputEnded = true;
      if (lingering || !connection.inputEnded()) {
        close();
      }
    } else if (!lingering) {
      connection.received(readBuffer.flip(), nowNanos);
    }
  }

  /// Sends what waits, as far as the socket takes it.
  void flush(long nowNanos) {
    if (closed) {
      return;
    }
    Output output = connection.output;
    try {
      while (output.pending() > 0) {
        int written = output.writeTo(channel);
        if (written == 0) {
          break;
        }
        pace.took(written, nowNanos);
        connection.writable(nowNanos);
      }
      if (output.pending() == 0) {
        pace.restart(nowNanos);
      }
      if (output.pending() == 0 && connection.isClosing() && !lingering) {
        if (inputEnded) {
          close();
          return;
        }
        channel.shutdownOutput();
        lingering = true;
        lingerUntilNanos = nowNanos + LINGER_NANOS;
      }
    } catch (IOException e) {
      close(); // reset by the client
      return;
    }
    boolean reads = !inputEnded && (lingering || connection.wantedBytes() > 0);
    int interest =
        (reads ? SelectionKey.OP_READ : 0) | (output.pending() > 0 ? SelectionKey.OP_WRITE : 0);
    if (key.interestOps() != interest) {
      key.interestOps(interest);
    }
  }

  void tick(long nowNanos) {
    try {
      connection.tick(nowNanos);
      flush(nowNanos);
    } catch (RuntimeException e) {
      closeAfterFault(e);
    }
    boolean stuck =
        connection.output.pending() > 0
            && pace.isTooSlow(nowNanos, connection.settings.writeTimeout().toNanos());
    if (stuck || (lingering && nowNanos - lingerUntilNanos > 0)) {
      close();
    }
  }

  /// Has the client go as soon as what is under way has its answer.
  void shutDown(long nowNanos) {
    try {
      connection.shutDown(nowNanos);
      flush(nowNanos);
    } catch (RuntimeException e) {
      closeAfterFault(e);
    }
  }

  /// Has the client go at once: no whole request of it is under way.
  void giveWay(long nowNanos) {
    try {
      connection.giveWay(nowNanos);
      flush(nowNanos);
    } catch (RuntimeException e) {
      closeAfterFault(e);
    }
  }

  private void closeAfterFault(RuntimeException fault) {
    LOG.error("a connection is closed after a fault of the server", fault);
    close();
  }

  /// How long the connection has had nothing to do; -1 where it has something.
  long idleNanos(long nowNanos) {
    return closed ? -1 : connection.idleNanos(nowNanos);
  }

  /// Whether the client has asked nothing yet, or only a part has come of what it asks next.
  boolean isBeginning() {
    return connection.isBeginning();
  }

  boolean hasAsked() {
    return connection.hasAsked();
  }

  /// Whether time limits of less than a second may apply.
  boolean isBusy() {
    return lingering || connection.isClosing() || connection.isBusy();
  }

  boolean isClosed() {
    return closed;
  }

  void close() {
    if (!closed) {
      closed = true;
      connection.abandon();
      key.cancel();
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("closing a socket", e);
      }
    }
  }
}

package dev.pannier.shippers.kafka;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.apache.kafka.common.utils.Utils;

/// Why the brokers cannot be reached: Kafka's client only says that time is up.
final class Reachability {
  private static final int CONNECT_TIMEOUT_MS = 1_000;

  private Reachability() {}

  /// @param servers `host:port`, several between commas
  /// @return that no name of a host is known, empty where one is
  static String unresolved(String servers) {
    for (String server : servers.split(",", -1)) {
      String host = Utils.getHost(server.strip());
      if (host == null || !new InetSocketAddress(host, 0).isUnresolved()) {
        return "";
      }
    }
    return servers + ": no such host";
  }

  /// Tries a bare connection to the first.
  ///
  /// @param servers `host:port`, several between commas
  /// @return what is wrong, in a few words
  static String of(String servers) {
    String server = servers.substring(0, (servers + ",").indexOf(',')).strip();
    String host = Utils.getHost(server);
    Integer port = Utils.getPort(server);
    if (host == null || port == null) {
      return server + " is no host:port";
    }
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      return server + ": no such host";
    }
    try (Socket socket = new Socket()) {
      socket.connect(address, CONNECT_TIMEOUT_MS);
      return server
          + " takes connections, but does not answer as a Kafka broker would:"
          + " check security.protocol, and the broker's advertised.listeners";
    } catch (ConnectException e) {
      return server + " refuses connections: is the broker up, and the port right?";
    } catch (SocketTimeoutException e) {
      return server + " does not answer: is a firewall or network policy between?";
    } catch (IOException e) {
      return server + " cannot be reached: " + e.getMessage();
    }
  }
}

package dev.pannier.demo;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Ports of loopback that were free a moment ago. They lie below those that the system gives to clients (Linux: from 32768 on),
/// so that no connection takes one before somebody listens there, and each is given once in a long while.
public final class Ports {
  private static final int FIRST = 10_000;
  private static final int END = 32_000;

  private static int next = new SplittableRandom().nextInt(FIRST, END);

  private Ports() {}

  /// @throws IOException where so many are not free
  public static synchronized List<Integer> free(int count) throws IOException {
    List<Integer> ports = new ArrayList<>();
    for (int tried = 0; ports.size() < count; tried++) {
      if (tried == END - FIRST) {
        throw new IOException("no " + count + " ports are free");
      }
      next = next + 1 == END ? FIRST : next + 1;
      try (ServerSocket free = new ServerSocket(next, 1, InetAddress.getLoopbackAddress())) {
        ports.add(free.getLocalPort());
      } catch (BindException e) {
        // Somebody has it.
      }
    }
    return ports;
  }
}

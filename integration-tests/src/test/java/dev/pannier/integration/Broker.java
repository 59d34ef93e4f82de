package dev.pannier.integration;

import java.io.IOException;

/// The broker's process, on this machine or in a container.
interface Broker extends AutoCloseable {
  boolean isAlive();

  /// Ends it at once, as a crash would.
  void kill() throws InterruptedException;

  /// Sends it a signal: `STOP`, `CONT`.
  void signal(String name) throws IOException, InterruptedException;

  /// The end of its log, for when something went wrong.
  String lastWords() throws IOException;

  @Override
  void close();
}

package dev.pannier.integration;

import dev.pannier.demo.ChildProcess;
import dev.pannier.demo.Demo;
import java.io.IOException;
import java.nio.file.Path;

/// A broker that is a child process.
record ChildBroker(ChildProcess process) implements Broker {
  static ChildBroker start(Path folder, int port, int controllerPort, String... settings)
      throws IOException {
    return new ChildBroker(Demo.broker(folder, port, controllerPort, settings));
  }

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void kill() throws InterruptedException {
    process.kill();
  }

  @Override
  public void signal(String name) throws IOException, InterruptedException {
    process.signal(name);
  }

  @Override
  public String lastWords() throws IOException {
    return process.lastWords();
  }

  @Override
  public void close() {
    process.close();
  }
}

package dev.pannier.integration;

import dev.pannier.demo.Demo;
import java.nio.file.Path;

/// The project's own folder.
final class Tree {
  private Tree() {}

  /// What `./pannier` stands in.
  static Path root() {
    return Demo.home().resolve("../../..").normalize();
  }

  static Path samples() {
    return root().resolve("config-samples");
  }
}

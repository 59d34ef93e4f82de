package dev.pannier.collector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// What a sidecar is made of: a `pannier.yaml`, read from a test's folder.
final class TestConfiguration {
  private TestConfiguration() {}

  /// @param text with `DIR` for the folder
  static Configuration read(Path folder, String text) throws IOException {
    Path file =
        Files.writeString(folder.resolve("pannier.yaml"), text.replace("DIR", folder.toString()));
    Loaded loaded = ConfigurationLoader.load(file, Map.of("HOME", "/tmp"));
    assertThat(loaded).as(loaded.toString()).isInstanceOf(Loaded.Valid.class);
    return ((Loaded.Valid) loaded).configuration();
  }
}

package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// The image of `inject` and of the admission webhook, made as [SidecarImage] is.
final class InjectImage {
  private static @Nullable String built;

  private InjectImage() {}

  /// The image's name. It is built once for what is in it; those of earlier builds of the same folder are removed.
  static synchronized String built() throws Exception {
    if (built == null) {
      String repository =
          "localhost/pannier-test-inject-" + SidecarImage.sum(Tree.root().toString());
      String name = repository + ":" + contents();
      if (!BrokerImage.isThere(name)) {
        SidecarImage.build("deploy/inject.Dockerfile", name);
        SidecarImage.removeOthers(repository, name);
      }
      built = name;
    }
    return built;
  }

  private static String contents() throws Exception {
    CRC32 sum = new CRC32();
    sum.update(System.getProperty("java.runtime.version").getBytes(UTF_8));
    for (String file : List.of("deploy/inject.Dockerfile", ".dockerignore")) {
      sum.update(Files.readAllBytes(Tree.root().resolve(file)));
    }
    Path target = Tree.root().resolve("deploy/inject/target");
    try (Stream<Path> own = Files.list(target);
        Stream<Path> others = Files.list(target.resolve("inject/lib"))) {
      for (Path jar : Stream.concat(own.filter(InjectImage::isItsJar), others).sorted().toList()) {
        sum.update(Files.readAllBytes(jar));
      }
    }
    return Long.toHexString(sum.getValue());
  }

  private static boolean isItsJar(Path file) {
    return file.getFileName().toString().matches("pannier-inject-.*\\.jar");
  }
}

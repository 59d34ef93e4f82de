package dev.pannier.collector.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityTest {
  private static final Map<String, String> POD =
      Map.of("k8s.pod.uid", "0f9c", "k8s.container.name", "pannier logs");

  @TempDir private Path folder;
  private final Random random = new Random(7);

  @Test
  void aPodsIsItsUidAndTheContainersName() throws Exception {
    Identity first = Identity.read(folder, POD, random);
    assertThat(first.isNew()).isTrue();
    assertThat(first.name()).matches("0f9c/pannier_logs/[0-9a-f]{1,16}");
  }

  @Test
  void aPodThatWasForgottenIsAnother() throws Exception {
    Identity first = Identity.read(folder, POD, random);
    Identity.forget(folder);
    Identity second = Identity.read(folder, POD, random);
    assertThat(second.isNew()).isTrue();
    assertThat(second.name()).startsWith("0f9c/pannier_logs/").isNotEqualTo(first.name());
    Identity.forget(folder);
    Identity.forget(folder);
  }

  @Test
  void elsewhereItIsRandomAndStays() throws Exception {
    Identity first = Identity.read(folder, Map.of(), random);
    assertThat(first.name()).hasSize(36);
    assertThat(first.isNew()).isTrue();
    assertThat(Identity.read(folder, Map.of(), random))
        .isEqualTo(new Identity(first.name(), false));
  }

  @Test
  void itGoesWithTheVolumeIntoAnotherPod() throws Exception {
    Identity first = Identity.read(folder, POD, random);
    assertThat(Identity.read(folder, Map.of("k8s.pod.uid", "77aa"), random).name())
        .isEqualTo(first.name());
  }

  @Test
  void whatIsNoIdentityIsReplaced() throws Exception {
    Files.writeString(folder.resolve("identity"), "\0\0");
    assertThat(Identity.read(folder, POD, random).isNew()).isTrue();
    assertThat(Identity.read(folder, Map.of(), random).name()).startsWith("0f9c/pannier_logs/");
  }
}

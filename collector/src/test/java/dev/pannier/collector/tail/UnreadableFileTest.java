package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnreadableFileTest {
  @TempDir private Path folder;

  private static String whatToDo(Path file) {
    return Discovery.whatToDo(new AccessDeniedException(file.toString()));
  }

  @Test
  void aFileThatItsGroupMayReadIsToldWithTheGroup() throws Exception {
    Path file = Files.createFile(folder.resolve("app.log"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Object group = Files.getAttribute(file, "unix:gid");
    assertThat(whatToDo(file))
        .isEqualTo(
            "permission denied: add runAsGroup: %1$s to the sidecar's securityContext, or fsGroup: %1$s to the Pod's"
                .formatted(group));
  }

  @Test
  void aFileThatItsOwnerAloneMayReadIsToldWithTheOwner() throws Exception {
    Path file = Files.createFile(folder.resolve("app.log"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Object owner = Files.getAttribute(file, "unix:uid");
    assertThat(whatToDo(file))
        .isEqualTo(
            "permission denied: its mode is rw-------: let its group read it (umask 027) and add"
                + " fsGroup to the Pod's securityContext"
                + (owner.equals(0) ? "" : ", or runAsUser: " + owner + " to the sidecar's"));
  }

  /// In a folder that cannot be looked into either.
  @Test
  void aFileOfWhichNothingIsKnownIsToldWithTheSetting() {
    assertThat(whatToDo(folder.resolve("none.log")))
        .isEqualTo(
            "permission denied: let the sidecar's user or group read it (securityContext.fsGroup)");
  }
}

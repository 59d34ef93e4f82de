package dev.pannier.inject;

import dev.pannier.inject.certificate.SelfSigned;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;

/// A certificate for 127.0.0.1 in a folder, as a mounted Secret has it.
final class LoopbackCertificate {
  private LoopbackCertificate() {}

  /// @param folder gets `tls.crt` and `tls.key`, valid for an hour
  static SelfSigned write(Path folder) throws IOException, GeneralSecurityException {
    return write(folder, List.of("127.0.0.1"));
  }

  /// The same for other addresses.
  static SelfSigned write(Path folder, List<String> hosts)
      throws IOException, GeneralSecurityException {
    Instant now = Instant.now();
    SelfSigned pair =
        SelfSigned.make(hosts, now.minusSeconds(60), now.plusSeconds(3600), new SecureRandom());
    Files.writeString(folder.resolve("tls.crt"), pair.certificate());
    Files.writeString(folder.resolve("tls.key"), pair.key());
    return pair;
  }
}
